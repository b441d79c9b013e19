// Builds elements. Whatever comes from outside goes in as text; nothing here or elsewhere takes HTML.

export type Child = Node | string | null | undefined | false;
type Attributes = Readonly<Record<string, string | number | boolean | null | undefined>>;
type Listeners = { readonly [K in keyof HTMLElementEventMap]?: (event: HTMLElementEventMap[K]) => void };

/** Makes an element. Attributes that are false, null or undefined are left out, true ones are empty. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  children: readonly Child[] | string = [],
  listeners: Listeners = {},
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) attribute(element, name, value);
  element.append(...(typeof children === "string" ? [children] : children.filter(isNode)));
  for (const [type, listener] of Object.entries(listeners)) element.addEventListener(type, listener as EventListener);
  return element;
}

/** Sets or removes an attribute, and does nothing if it is like that already. */
export function attribute(element: Element, name: string, value: Attributes[string]): void {
  if (value === false || value === null || value === undefined) {
    if (element.hasAttribute(name)) element.removeAttribute(name);
    return;
  }
  const text = value === true ? "" : String(value);
  if (element.getAttribute(name) !== text) element.setAttribute(name, text);
}

/** Sets the text of an element, and does nothing if it is that already, so that nothing is announced twice. */
export function say(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** Replaces the children of an element. */
export function fill(element: Element, children: readonly Child[]): void {
  element.replaceChildren(...children.filter(isNode));
}

/** Puts children in this order and moves as few as it can, so that what plays plays on and the focus stays. */
export function arrange(parent: Element, children: readonly Element[]): void {
  const wanted = new Set(children);
  for (const child of [...parent.children]) if (!wanted.has(child)) child.remove();
  let next: Element | null = null;
  for (const child of [...children].reverse()) {
    if (child.parentElement !== parent || child.nextElementSibling !== next) parent.insertBefore(child, next);
    next = child;
  }
}

/** Shows a track in a video or audio element, null: nothing. */
export function play(element: HTMLMediaElement, track: MediaStreamTrack | null): void {
  const shown = element.srcObject instanceof MediaStream ? element.srcObject.getTracks()[0] : undefined;
  if (shown === (track ?? undefined)) return;
  element.srcObject = track === null ? null : new MediaStream([track]);
}

function isNode(child: Child): child is Node | string {
  return child !== null && child !== undefined && child !== false;
}
