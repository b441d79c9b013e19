// A page that is nothing but a few words: no link, or it is over.

import type { Told } from "../strings";
import { h } from "./dom";

/** Replaces what is shown by a notice. */
export function showNotice(root: Element, { title, detail }: Told, reason = ""): void {
  root.replaceChildren(
    h("main", { class: "notice" }, [
      h("h1", {}, title),
      h("p", {}, detail),
      reason !== "" && h("p", { class: "muted" }, reason),
    ]),
  );
}
