// For a lead: who watches whom. One proctor at a time, either as the room says or from a list to tick.

import { DisconnectedError, RefusedError } from "../client/errors";
import type { Ask } from "../client/media";
import { Assignments, read, type Viewer } from "../lib/protocol";
import type { Roster } from "../lib/roster";
import { matches } from "../lib/search";
import { strings } from "../strings";
import { fill, h, say } from "../ui/dom";

export class AssignDialog {
  readonly element: HTMLDialogElement;
  readonly #viewer: HTMLSelectElement;
  readonly #byRoom = h("input", { type: "radio", name: "assign-by", value: "room" });
  readonly #byList = h("input", { type: "radio", name: "assign-by", value: "list" });
  readonly #rule = h("span");
  readonly #count = h("span", { class: "muted" });
  readonly #search: HTMLInputElement;
  readonly #list = h("ul", { class: "assign-list" });
  readonly #chosen: HTMLFieldSetElement;
  readonly #save: HTMLButtonElement;
  readonly #told = h("p", { class: "assign-told", role: "status" });
  readonly #boxes = new Map<string, HTMLInputElement>();
  /** Something was ticked or chosen that was not sent yet: what holds is not shown over it. */
  #touched = false;
  #found: Assignments = { mode: "all", groupSize: null, viewers: [] };

  constructor(
    private readonly ask: Ask,
    private readonly roster: () => Roster,
  ) {
    const texts = strings.assign;
    this.#viewer = h("select", { class: "select", id: "assign-viewer" }, [], { change: () => this.#show() });
    this.#search = h(
      "input",
      { class: "compose-input", type: "search", placeholder: texts.search, "aria-label": texts.search },
      [],
      { input: () => this.#filter() },
    );
    this.#chosen = h("fieldset", { class: "assign-chosen", "aria-label": texts.candidates }, [
      h("div", { class: "assign-tools" }, [
        this.#search,
        tick(texts.all, texts.allShown, () => this.#tick(true)),
        tick(texts.none, texts.noneShown, () => this.#tick(false)),
      ]),
      this.#list,
    ]);
    this.#list.addEventListener("change", () => this.#touch());
    for (const way of [this.#byRoom, this.#byList]) way.addEventListener("change", () => this.#touch());
    this.#save = h("button", { class: "button button-primary", type: "submit" }, texts.save);
    const form = h(
      "form",
      { class: "assign-form" },
      [
        h("h2", { id: "assign-title" }, texts.title),
        h("label", { class: "assign-who", for: "assign-viewer" }, [texts.viewer, this.#viewer]),
        h("label", { class: "assign-way" }, [this.#byRoom, this.#rule]),
        h("div", { class: "assign-way" }, [
          h("label", { class: "assign-way" }, [this.#byList, texts.byList]),
          this.#count,
        ]),
        this.#chosen,
        this.#told,
        h("div", { class: "dialog-actions" }, [
          h("button", { class: "button", type: "button" }, strings.close, { click: () => this.element.close() }),
          this.#save,
        ]),
      ],
      {
        submit: (event) => {
          event.preventDefault();
          void this.#submit();
        },
      },
    );
    this.element = h("dialog", { class: "dialog assign", "aria-labelledby": "assign-title" }, [form]);
  }

  /** Opens it with what holds now. */
  async open(): Promise<void> {
    say(this.#told, "");
    this.element.showModal();
    this.#viewer.focus();
    if (await this.#load()) this.#show();
  }

  async #load(): Promise<boolean> {
    const answer = await this.#request("getAssignments", {});
    if (answer === null) return false;
    const kept = this.#viewer.value;
    this.#found = read(Assignments, answer, "getAssignments");
    const { viewers } = this.#found;
    fill(
      this.#viewer,
      viewers.map((each) => h("option", { value: each.peerId }, strings.assign.who(each))),
    );
    if (viewers.some(({ peerId }) => peerId === kept)) this.#viewer.value = kept;
    else this.#touched = false;
    say(this.#rule, strings.assign.byRoom(this.#found));
    if (viewers.length === 0) say(this.#told, strings.assign.nobody);
    this.#save.disabled = viewers.length === 0;
    return true;
  }

  /** Shows what the chosen proctor watches. */
  #show(): void {
    this.#touched = false;
    const listed = this.#one?.peerIds ?? null;
    this.#byList.checked = listed !== null;
    this.#byRoom.checked = listed === null;
    const names = new Map([...this.roster().values()].map(({ id, name }) => [id, name]));
    // On a list may be somebody whom nobody else knows of.
    for (const id of listed ?? []) if (!names.has(id)) names.set(id, id);
    this.#boxes.clear();
    const rows = [...names]
      .sort(([, one], [, other]) => one.localeCompare(other))
      .map(([id, name]) => {
        const box = h("input", { type: "checkbox", value: id });
        box.checked = listed?.includes(id) ?? false;
        this.#boxes.set(id, box);
        return h("li", { "data-peer": id, "data-name": name }, [h("label", {}, [box, h("bdi", {}, name)])]);
      });
    fill(this.#list, rows);
    this.#search.value = "";
    this.#enable();
  }

  get #one(): Viewer | undefined {
    return this.#found.viewers.find(({ peerId }) => peerId === this.#viewer.value);
  }

  #touch(): void {
    this.#touched = true;
    this.#enable();
  }

  #enable(): void {
    this.#chosen.disabled = !this.#byList.checked;
    this.#recount();
  }

  /** Says how many are ticked, of whom a search may hide some. */
  #recount(): void {
    const number = [...this.#boxes.values()].filter(({ checked }) => checked).length;
    say(this.#count, this.#byList.checked ? strings.assign.ticked(number, this.#boxes.size) : "");
  }

  #filter(): void {
    for (const row of this.#list.children) {
      const { peer = "", name = "" } = (row as HTMLLIElement).dataset;
      (row as HTMLLIElement).hidden = !matches(this.#search.value, peer, name);
    }
  }

  /** Ticks, or clears, all that are shown. */
  #tick(on: boolean): void {
    for (const box of this.#boxes.values()) if (!box.closest("li")?.hidden) box.checked = on;
    this.#touch();
  }

  async #submit(): Promise<void> {
    const viewer = this.#one;
    if (viewer === undefined) return;
    const ticked = [...this.#boxes].filter(([, box]) => box.checked).map(([id]) => id);
    const peerIds = this.#byList.checked ? ticked : null;
    this.#touched = false;
    if ((await this.#request("assign", { proctorId: viewer.peerId, peerIds })) === null) return;
    if (!(await this.#load())) return;
    if (!this.#touched) this.#show();
    say(this.#told, strings.assign.saved(viewer, peerIds?.length ?? null));
  }

  /** Returns the answer; what is refused is said, and null returned. */
  async #request(method: string, data: object): Promise<unknown> {
    try {
      return await this.ask(method, data);
    } catch (error) {
      if (error instanceof RefusedError) say(this.#told, strings.assign.refused(error.reason));
      else if (error instanceof DisconnectedError) say(this.#told, strings.assign.failed);
      else reportError(error);
      return null;
    }
  }
}

function tick(text: string, label: string, act: () => void): HTMLButtonElement {
  return h("button", { class: "button", type: "button", "aria-label": label }, text, { click: act });
}
