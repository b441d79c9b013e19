// Beside the wall: raised hands in the order they went up, and below them everything that was written or noted.

import type { Bookmark, Message } from "../lib/protocol";
import { type Candidate, type Roster, raisedHands } from "../lib/roster";
import { strings } from "../strings";
import { arrange, h, say } from "../ui/dom";
import { icon } from "../ui/icons";
import { Messages } from "../ui/messages";

export interface SideActions {
  open(id: string): void;
  send(text: string): Promise<boolean>;
}

interface Addressee {
  readonly id: string;
  readonly name: string;
}

export class Side {
  readonly element: HTMLElement;
  readonly messages: Messages;
  readonly #hands = h("ul", { class: "hands", "aria-label": strings.side.hands });
  readonly #noHands = h("p", { class: "muted" }, strings.side.noHands);
  readonly #items = new Map<string, { item: HTMLLIElement; name: HTMLElement }>();

  constructor(
    mayWrite: boolean,
    private readonly actions: SideActions,
  ) {
    this.messages = new Messages(strings.side.toAll, strings.side.noMessages, actions.send);
    if (!mayWrite) this.messages.hideCompose();
    this.element = h("aside", { class: "side", "aria-label": strings.side.label }, [
      h("section", { class: "side-hands" }, [
        h("h2", {}, [icon("hand"), strings.side.hands]),
        this.#noHands,
        this.#hands,
      ]),
      h("section", { class: "side-log" }, [h("h2", {}, [icon("message"), strings.side.log]), this.messages.element]),
    ]);
  }

  update(roster: Roster, focused: Candidate | null): void {
    const raised = raisedHands(roster);
    const ids = new Set(raised.map(({ id }) => id));
    for (const id of [...this.#items.keys()]) if (!ids.has(id)) this.#items.delete(id);
    arrange(
      this.#hands,
      raised.map((each) => this.#hand(each)),
    );
    this.#noHands.hidden = raised.length > 0;
    this.messages.relabel(focused === null ? strings.side.toAll : strings.side.toOne(focused.name), true);
  }

  /** Adds what somebody wrote: a candidate, `own`: the proctor here, or another one to `to`, null: to all. */
  wrote({ id, from, displayName, role, text, at }: Message, to: Addressee | null, own: boolean): void {
    const byCandidate = role === "candidate";
    const about = byCandidate ? from : to?.id;
    const note = byCandidate ? "" : to === null ? strings.exam.toAll : strings.side.to(to.name);
    const who = own ? strings.exam.you : displayName || from;
    const open = own || about === undefined ? {} : { open: () => this.actions.open(about) };
    this.messages.add({ id, who, note, text, at, mine: own, ...open });
  }

  /** Adds a bookmark, of whomever; one's own comes back from the server like all others. */
  bookmarked({ id, peerId, by, note, at }: Bookmark, name: string, own: boolean): void {
    const author = strings.side.notedBy(own ? strings.exam.you.toLowerCase() : by);
    this.messages.add({
      id,
      who: name,
      note: author,
      text: note,
      at,
      mine: false,
      bookmark: true,
      open: () => this.actions.open(peerId),
    });
  }

  #hand(candidate: Candidate): HTMLLIElement {
    const known = this.#items.get(candidate.id);
    if (known !== undefined) {
      say(known.name, candidate.name);
      return known.item;
    }
    const name = h("bdi", {}, candidate.name);
    const button = h("button", { class: "hand-item", type: "button" }, [icon("hand"), name], {
      click: () => this.actions.open(candidate.id),
    });
    const item = h("li", {}, [button]);
    this.#items.set(candidate.id, { item, name });
    return item;
  }
}
