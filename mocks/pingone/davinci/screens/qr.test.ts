import decodeQR from "qr/decode.js";
import { describe, expect, it } from "vitest";
import { qrImageOf } from "./qr.ts";
import { sanitise } from "./sanitise.ts";

const URI = "otpauth://totp/Test:alice@example.com?secret=JBSWY3DPEHPK3PXP&issuer=Test";

describe("a QR code", () => {
  it("holds the text", () => {
    expect(read(qrImageOf(URI) ?? "")).toBe(URI);
  });

  it("is dark on white, whatever the page is like", () => {
    const svg = Buffer.from((qrImageOf("x") ?? "").replace(/^.*base64,/, ""), "base64").toString();
    expect(svg).toMatch(/<svg [^>]*><rect width="100%" height="100%" fill="#fff"\/><path/);
  });

  it("is an image that the pages of screens may show", () => {
    const image = qrImageOf("x") ?? "";
    expect(sanitise(`<img src="${image}">`)).toContain(image);
  });

  it("is not made of nothing, nor of a text that is too long to be read from a screen", () => {
    expect(qrImageOf("")).toBeUndefined();
    expect(qrImageOf("x".repeat(1001))).toBeUndefined();
    expect(read(qrImageOf("x".repeat(1000)) ?? "")).toBe("x".repeat(1000));
  });

  it("has a light background, for dark pages", () => {
    const svg = Buffer.from(qrImageOf("text")?.split(",")[1] ?? "", "base64").toString();
    expect(svg).toMatch(/^<svg[^>]*><rect width="100%" height="100%" fill="#fff"\/>/);
  });
});

/** Draws the image as a browser does, eight pixels a module, and reads it. */
function read(image: string): string {
  const svg = Buffer.from(image.replace(/^.*base64,/, ""), "base64").toString();
  const size = Number(/viewBox="0 0 (\d+) \d+"/.exec(svg)?.[1]);
  const scale = 8;
  const width = size * scale;
  const data = new Uint8Array(width * width * 4).fill(255);
  for (const [x, y] of modulesOf(svg)) {
    for (let dx = 0; dx < scale; dx++) {
      for (let dy = 0; dy < scale; dy++) {
        data.fill(
          0,
          ((y * scale + dy) * width + x * scale + dx) * 4,
          ((y * scale + dy) * width + x * scale + dx) * 4 + 3,
        );
      }
    }
  }
  return decodeQR({ width, height: width, data });
}

/** The image is one path, in which each dark module is a square of its own. */
function modulesOf(svg: string): [number, number][] {
  let at: [number, number] = [0, 0];
  return [...svg.matchAll(/([Mm])(-?\d+)[ ,]?(-?\d+)/g)].map(([, command, x, y]) => {
    const base = command === "m" ? at : [0, 0];
    at = [(base[0] ?? 0) + Number(x), (base[1] ?? 0) + Number(y)];
    return at;
  });
}
