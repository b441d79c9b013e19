// The way in: takes the login out of the link before anything else can see it.
//
// The fragment leaves the address bar and the history entry at once. The login is then kept in this tab's
// sessionStorage, because a candidate whose page is reloaded in the middle of an exam has no link at hand any more;
// it is gone with the tab, and when the stay is over.

import { keep, type Login, parse } from "../lib/link";

const KEY = "psfu.login";

/** Returns the login of the link this page was opened with, or the one this tab used before; null: there is none. */
export function takeLogin(role: string): Login | null {
  const given = parse(location.hash, role);
  if (location.hash) history.replaceState(null, "", location.pathname);
  if (given !== null) sessionStorage.setItem(KEY, keep(given));
  // Another link pasted into the address bar of this tab changes only the fragment, which loads nothing by itself.
  addEventListener("hashchange", () => location.reload());
  return given ?? parse(sessionStorage.getItem(KEY) ?? "", role);
}

/** The stay is over. */
export function forgetLogin(): void {
  sessionStorage.removeItem(KEY);
}
