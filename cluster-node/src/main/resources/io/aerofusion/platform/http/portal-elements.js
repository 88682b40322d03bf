// What the pages of the portal are made of.

/** An element; attributes that begin with "on" are listeners, and children that are null are left out. */
export function element(name, attributes, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) {
    if (key.startsWith('on')) node.addEventListener(key.slice(2), value);
    else if (value === true) node.setAttribute(key, '');
    else if (value !== false && value !== undefined && value !== null) node.setAttribute(key, value);
  }
  for (const child of children) if (child !== undefined && child !== null && child !== false) node.append(child);
  return node;
}

export function code(text) { return element('code', {}, text); }

export function tag(text, kind) { return element('span', { class: 'tag ' + (kind || '') }, text); }

const SHOWN_MS = 3000;
let timer = 0;

/** Says something for a moment, also to screen readers. */
export function said(text) {
  const place = document.getElementById('said');
  place.textContent = text;
  clearTimeout(timer);
  timer = setTimeout(() => { place.textContent = ''; }, SHOWN_MS);
}
