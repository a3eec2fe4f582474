/** QR codes for screens: an image that a page without scripts and without network can show. */
import encodeQR from "qr";

/** Characters. Longer texts make a code that no phone can read from a screen. */
const MAX_TEXT = 1000;

/** For the `src` of an `img`: an SVG. `undefined`: the text is empty or too long. */
export function qrImageOf(text: string): string | undefined {
  if (text === "" || text.length > MAX_TEXT) return undefined;
  // On a dark page a code without a light background cannot be read.
  const svg = encodeQR(text, "svg", { border: 4 }).replace(
    /<svg[^>]*>/,
    (start) => `${start}<rect width="100%" height="100%" fill="#fff"/>`,
  );
  return `data:image/svg+xml;base64,${Buffer.from(svg).toString("base64")}`;
}
