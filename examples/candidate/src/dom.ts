/** Making elements. Texts are set as text: nothing here reads HTML out of data. */

type Child = Node | string | null | undefined | false;
type Props = Record<string, string | number | boolean | null | undefined | ((event: Event) => void)>;

/** Make an element: properties of the DOM by their names, `on...` for events, the rest attributes. */
export function h<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  props: Props = {},
  ...children: Child[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (typeof value === "function") made.addEventListener(name.slice(2), value);
    else if (value === false || value === null || value === undefined) continue;
    else made.setAttribute(name, value === true ? "" : String(value));
  }
  made.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

/** Text as its paragraphs. */
export function paragraphs(text: string | null): HTMLElement[] {
  return (text ?? "")
    .split(/\n+/)
    .filter(Boolean)
    .map((each) => h("p", { dir: "auto" }, each));
}

/** A moment, as people say it where they are. */
export function when(moment: string): HTMLElement {
  const date = new Date(moment);
  const said = date.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
  return h("time", { datetime: moment }, said);
}

export function day(moment: string): HTMLElement {
  const said = new Date(moment).toLocaleDateString(undefined, { dateStyle: "medium" });
  return h("time", { datetime: moment }, said);
}
