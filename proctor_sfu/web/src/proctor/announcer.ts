// Tells screen readers what the eye sees change on the wall, gathered so that many changes are one announcement, and
// shows everybody what just could not be done.

import { present, type Roster } from "../lib/roster";
import { lightOf } from "../lib/wall";
import { strings } from "../strings";
import { h, say } from "../ui/dom";
import { reasonsOf } from "./tile";

const GATHER = 1500;
const SHOWN = 6000;
/** More at once are counted instead of named. */
const NAMED = 4;

export class Announcer {
  readonly #news = h("div", { class: "unseen", "aria-live": "polite" });
  readonly #toast = h("div", { class: "toast", role: "alert" });
  readonly element = h("div", {}, [this.#news, this.#toast]);
  readonly #gathered = new Map<string, string>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #hide: ReturnType<typeof setTimeout> | undefined;

  /** Announces what became worse, and hands that went up. */
  compare(before: Roster, after: Roster): void {
    for (const [id, now] of after) {
      const then = before.get(id);
      if (then === now) continue;
      const light = lightOf(now);
      if (then !== undefined && lightOf(then) !== light && (light === "red" || light === "amber")) {
        this.#gather(id, strings.wall.news(now.name, light, reasonsOf(now)));
      }
      if (now.hand !== null && then?.hand === null && present(now))
        this.#gather(`${id} hand`, strings.wall.handNews(now.name));
    }
  }

  /** Shows a few words for a while. */
  say(text: string): void {
    say(this.#toast, text);
    clearTimeout(this.#hide);
    this.#hide = setTimeout(() => say(this.#toast, ""), SHOWN);
  }

  #gather(key: string, text: string): void {
    this.#gathered.set(key, text);
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      const texts = [...this.#gathered.values()];
      this.#gathered.clear();
      const more = texts.length - NAMED;
      const named = texts.slice(0, NAMED);
      say(this.#news, [...named, ...(more > 0 ? [strings.wall.moreNews(more)] : [])].join(". "));
    }, GATHER);
  }
}
