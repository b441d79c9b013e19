// A conversation: what was said, and a line to write in.

import { strings } from "../strings";
import { h, say } from "./dom";
import { icon } from "./icons";

export interface Line {
  /** What was shown once is not shown again, as after a new start of the connection. */
  readonly id: string;
  readonly who: string;
  readonly note: string;
  readonly text: string;
  readonly at: Date;
  readonly mine: boolean;
  /** A note on somebody instead of something said. */
  readonly bookmark?: boolean;
  /** Leads to whom it is about. */
  readonly open?: () => void;
}

const LONGEST = 1000;
const KEPT = 300;
const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });

export class Messages {
  readonly #empty: HTMLElement;
  readonly #log = h("ol", { class: "messages-list" });
  readonly #scroll: HTMLElement;
  readonly #shown = new Set<string>();
  readonly #problem = h("p", { class: "compose-problem", role: "alert" });
  readonly #send: HTMLButtonElement;
  readonly #form: HTMLFormElement;
  readonly input: HTMLInputElement;
  readonly element: HTMLElement;

  /** `send` takes a text and returns whether it was sent. */
  constructor(
    label: string,
    empty: string,
    private readonly send: (text: string) => Promise<boolean>,
  ) {
    this.#empty = h("p", { class: "messages-empty" }, empty);
    this.#scroll = h("div", { class: "messages-log", role: "log", "aria-label": strings.exam.messages, tabindex: 0 }, [
      this.#empty,
      this.#log,
    ]);
    this.input = h("input", {
      class: "compose-input",
      type: "text",
      maxlength: LONGEST,
      "aria-label": label,
      placeholder: label,
      autocomplete: "off",
    });
    this.#send = h("button", { class: "button button-icon", type: "submit", "aria-label": strings.exam.send }, [
      icon("send"),
    ]);
    this.#form = h("form", { class: "compose" }, [this.input, this.#send], {
      submit: (event) => {
        event.preventDefault();
        void this.#submit();
      },
    });
    this.element = h("div", { class: "messages" }, [this.#scroll, this.#problem, this.#form]);
  }

  /** Leaves nothing to write in, for those who may not. */
  hideCompose(): void {
    this.#form.hidden = true;
  }

  /** Says whom the next message goes to. */
  relabel(label: string, enabled: boolean): void {
    this.input.placeholder = label;
    this.input.ariaLabel = label;
    this.input.disabled = !enabled;
    this.#send.disabled = !enabled;
  }

  add(line: Line): void {
    if (this.#shown.has(line.id)) return;
    this.#shown.add(line.id);
    this.#empty.remove();
    const follows = this.#scroll.scrollHeight - this.#scroll.scrollTop - this.#scroll.clientHeight < 24;
    const kind = line.bookmark ? " message-bookmark" : line.mine ? " message-mine" : "";
    this.#log.append(
      h("li", { class: `message${kind}` }, [
        h("p", { class: "message-head" }, [
          line.bookmark && icon("bookmark"),
          who(line),
          line.note !== "" && h("span", {}, line.note),
          h("time", { datetime: line.at.toISOString() }, clock.format(line.at)),
        ]),
        h("p", { class: "message-text", dir: "auto" }, line.text),
      ]),
    );
    while (this.#log.childElementCount > KEPT) this.#log.firstElementChild?.remove();
    if (follows) this.#scroll.scrollTop = this.#scroll.scrollHeight;
  }

  async #submit(): Promise<void> {
    const text = this.input.value.trim();
    if (text === "") return;
    // At once, so that another press of Enter sends nothing twice, and what is typed meanwhile stays.
    this.input.value = "";
    const sent = await this.send(text);
    say(this.#problem, sent ? "" : strings.exam.notSent);
    if (!sent) this.input.value = `${text} ${this.input.value}`.trimEnd();
  }
}

function who({ who: name, open }: Line): HTMLElement {
  if (open === undefined) return h("b", {}, [h("bdi", {}, name)]);
  return h("button", { class: "message-who", type: "button" }, [h("bdi", {}, name)], { click: open });
}
