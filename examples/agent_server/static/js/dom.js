/** Small steps on the document tree. */

/**
 * Return the element with this id; one that is missing is a mistake in index.html.
 *
 * @returns {any} of the kind that index.html says
 */
export function byId(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`index.html has no #${id}`);
  return found;
}

/** Return a new element. `null` children are left out. */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children.filter((child) => child !== null));
  return made;
}

const SVG = "http://www.w3.org/2000/svg";

/** Return a new SVG element. */
export function svgElement(tag, attributes = {}, text = "") {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  if (text) made.textContent = text;
  return made;
}

/** Return an icon of the sprite in index.html. It is decoration: a word always stands beside it. */
export function icon(name) {
  const made = svgElement("svg", { class: "icon", "aria-hidden": "true" });
  made.append(svgElement("use", { href: `#icon-${name}` }));
  return made;
}

/** Show another icon of the sprite in a `use` element. */
export function setIcon(use, name) {
  setAttribute(use, "href", `#icon-${name}`);
}

/** Write text only when it differs: an unchanged write would still cost a layout. */
export function setText(target, text) {
  if (target.textContent !== text) target.textContent = text;
}

/** Set an attribute only when it differs; `null` removes it. */
export function setAttribute(target, name, value) {
  if (value === null) target.removeAttribute(name);
  else if (target.getAttribute(name) !== String(value)) target.setAttribute(name, String(value));
}

/** Make a button unusable without taking the focus from it, as `disabled` would. */
export function setUsable(button, usable) {
  setAttribute(button, "aria-disabled", usable ? null : "true");
}

/** Run `act` on clicks, unless the button is shown as unusable. */
export function onUse(button, act) {
  button.addEventListener("click", (event) => {
    if (button.getAttribute("aria-disabled") === "true") event.preventDefault();
    else act(event);
  });
}
