// Icons as strokes on a grid of 24, drawn for these pages. They mean nothing to a screen reader; words beside them do.

const PATHS = {
  camera: "M3 7.5h11v9H3zM14 10.5l6-3v9l-6-3",
  screen: "M3 5h18v11H3zM9 20h6M12 16v4",
  microphone: "M12 3a3 3 0 0 0-3 3v5a3 3 0 0 0 6 0V6a3 3 0 0 0-3-3zM6 11a6 6 0 0 0 12 0M12 17v4",
  hand: "M7 12V6.5a1.5 1.5 0 0 1 3 0V11V4.5a1.5 1.5 0 0 1 3 0V11V6a1.5 1.5 0 0 1 3 0v6l1.4-1.6a1.6 1.6 0 0 1 2.4 2.1L16 18.5A5 5 0 0 1 7 17z",
  message: "M4 5h16v11H10l-4 4v-4H4z",
  bookmark: "M7 4h10v16l-5-4-5 4z",
  speak: "M4 10v4h3l5 4V6L7 10zM16 9a4 4 0 0 1 0 6M18.5 6.5a8 8 0 0 1 0 11",
  announce: "M4 10v4h3l9 4V6l-9 4zM7 14l1 5h2l-1-4.5M19 10v4",
  search: "M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM15.5 15.5L20 20",
  close: "M6 6l12 12M18 6L6 18",
  back: "M14 6l-6 6 6 6",
  forward: "M10 6l6 6-6 6",
  help: "M9 9a3 3 0 1 1 4.5 2.6c-1 .6-1.5 1.2-1.5 2.4M12 17.5v.5",
  check: "M5 12.5l4.5 4.5L19 7.5",
  warning: "M12 4l9 16H3zM12 10v5M12 17.5v.5",
  send: "M4 12l16-7-5 15-3-6z",
  leave: "M10 5H5v14h5M14 8l4 4-4 4M18 12H9",
} as const;

export type Icon = keyof typeof PATHS;

const SVG = "http://www.w3.org/2000/svg";

/** Makes an icon as high as its text. */
export function icon(name: Icon): SVGElement {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}
