/** A part of the control page below a heading, and further pages of an emulator. */
import type { Markup } from "./fields.ts";

export interface Section {
  readonly title: string;
  readonly about?: string | undefined;
  readonly content: Markup;
  /** Takes the whole width where there are two columns. */
  readonly isWide: boolean;
}

/** A page below `/__mocks/page`. */
export interface FurtherPage<Running = unknown> {
  /** With `:name` for any one segment. */
  readonly path: `/${string}`;
  /** @param parameters The segments that stand for names in the path. */
  render(
    running: Running,
    parameters: Readonly<Record<string, string>>,
  ): RenderedPage | Promise<RenderedPage>;
}

export interface RenderedPage {
  /** Of the browser's tab, and the heading. */
  readonly title: string;
  readonly content: Markup;
  /** Default: 200. */
  readonly status?: 200 | 404;
  /** What it shows goes on: parts with `data-live` and an id are brought up to date; without scripts, the whole page. */
  readonly isLive?: boolean;
}
