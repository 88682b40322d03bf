// What a browser has beside its DOM (which is linkedom's here), as much of it as the portal uses, and a person's eyes and hands on top.
// What it stands in for is stricter than a browser, never laxer: a member that is missing here throws, so that no page passes because of a
// gap. There is no layout and no style sheet: hidden is what an attribute, a closed dialog or closed details hide.
(function (dom, host, address, html) {
  const { Event, HTMLElement, HTMLInputElement, HTMLSelectElement } = dom;
  const { document } = dom.parseHTML(html);
  const origin = host.resolve(address, null)[1];
  const view = new dom.EventTarget();
  let hash = host.resolve(address, null)[2];
  let modal = null;

  /** An object that has these members and no others. */
  function strict(name, members) {
    const known = (target, key) => typeof key === 'symbol' || key === 'then' || key in target; // promises ask each value for "then"
    const refuse = (key) => { throw new TypeError(name + ' has no ' + String(key) + ' in this test'); };
    return new Proxy(members, {
      get: (target, key, receiver) => (known(target, key) ? Reflect.get(target, key, receiver) : refuse(key)),
      set: (target, key, value, receiver) => (key in target ? Reflect.set(target, key, value, receiver) : refuse(key)),
    });
  }

  // ---- the window

  class URL {
    constructor(url, base) {
      const parts = host.resolve(String(url), base === undefined ? null : String(base));
      if (parts === null) throw new TypeError('Invalid URL: ' + url);
      return strict('URL', { href: parts[0], origin: parts[1], toString: () => parts[0] });
    }
  }

  class URLSearchParams {
    #pairs = [];
    append(name, value) { this.#pairs.push([String(name), String(value)]); }
    toString() {
      const encoded = (text) => encodeURIComponent(text).replace(/%20/g, '+')
        .replace(/[!'()~]/g, (one) => '%' + one.charCodeAt(0).toString(16).toUpperCase());
      return this.#pairs.map((pair) => pair.map(encoded).join('=')).join('&');
    }
  }

  function go(fragment) {
    if (fragment === hash) return;
    hash = fragment;
    host.later(0, () => view.dispatchEvent(new Event('hashchange')));
  }

  const location = strict('location', {
    origin,
    get href() { return address.replace(/#.*/, '') + hash; },
    get hash() { return hash; },
    set hash(to) { go(to === '' || to.startsWith('#') ? to : '#' + to); },
  });

  function response(status, pairs, text) {
    let read = false;
    const once = async () => {
      if (read) throw new TypeError('body stream already read');
      read = true;
      return text;
    };
    const headers = [];
    for (let i = 0; i < pairs.length; i += 2) headers.push([pairs[i], pairs[i + 1]]);
    return strict('Response', {
      status,
      ok: status >= 200 && status < 300,
      statusText: '', // as with HTTP/2: Java's client does not tell the reason
      headers: strict('Headers', { [Symbol.iterator]: () => headers[Symbol.iterator]() }),
      text: once,
      json: async () => JSON.parse(await once()),
    });
  }

  /** There are no cookies and no cache here, so that "credentials" and "cache" change nothing. */
  async function fetch(input, init = {}) {
    const unknown = Object.keys(init).filter((key) => !['method', 'headers', 'body', 'credentials', 'cache'].includes(key));
    if (unknown.length > 0) throw new TypeError('fetch knows no ' + unknown + ' in this test');
    const url = new URL(input, location.href);
    if (url.origin !== origin) throw new TypeError('Failed to fetch'); // what connect-src 'self' of the page's policy does
    const method = init.method || 'GET';
    const headers = Array.isArray(init.headers) ? init.headers : Object.entries(init.headers || {});
    for (const [name, value] of headers) {
      if (!/^[\w!#$%&'*+.^`|~-]+$/.test(name) || !/^[\t\x20-\x7e\x80-\xff]*$/.test(value)) throw new TypeError('Invalid header ' + name);
    }
    const body = init.body === undefined || init.body === null ? null : String(init.body);
    if (body !== null && ['GET', 'HEAD'].includes(method)) throw new TypeError('Request with GET/HEAD method cannot have body');
    return new Promise((resolve, reject) => host.send(method, url.href, headers.flat().map(String), body,
      (status, pairs, text) => resolve(response(status, pairs, text)), (message) => reject(new TypeError(message))));
  }

  const globals = {
    document, location, fetch, URL, URLSearchParams,
    setTimeout: (work, wait = 0) => host.later(wait, () => work()),
    clearTimeout: (id) => host.forget(id),
    addEventListener: (type, listener) => view.addEventListener(type, listener),
    confirm: (question) => host.confirm(String(question)),
    performance: strict('performance', { now: () => host.now() }),
    navigator: strict('navigator', {
      clipboard: strict('clipboard', { writeText: async (text) => host.copy(String(text)) }),
    }),
  };
  for (const [name, value] of Object.entries(globals)) Object.defineProperty(globalThis, name, { value, configurable: true });

  // ---- elements: what linkedom leaves out or takes from the attribute alone

  const is = (node, ...names) => names.includes(node.localName);
  const typed = new WeakMap();
  const chosen = new WeakMap();
  Object.defineProperties(HTMLElement.prototype, {
    open: { get() { return is(this, 'details', 'dialog') ? this.hasAttribute('open') : undefined; } },
    showModal: {
      value() {
        if (!is(this, 'dialog') || !this.isConnected || this.open || modal) throw new TypeError('It cannot be shown as a dialog.');
        this.setAttribute('open', '');
        modal = this;
      },
    },
    close: {
      value() {
        if (!is(this, 'dialog')) throw new TypeError('It is no dialog.');
        this.removeAttribute('open');
        modal = null;
      },
    },
  });
  Object.defineProperty(HTMLInputElement.prototype, 'value', {
    get() { return typed.has(this) ? typed.get(this) : this.getAttribute('value') || ''; },
    set(value) { typed.set(this, String(value).replace(/[\r\n]/g, '')); },
  });
  Object.defineProperty(HTMLSelectElement.prototype, 'value', {
    get() { return (chosen.get(this) || this.querySelector('option[selected]') || this.querySelector('option')).value; },
  });

  // ---- what a person sees

  const ownSummary = (node, details) => node === [...details.children].find((child) => is(child, 'summary'));
  function open(node) {
    if (node.hidden || is(node, 'script', 'style', 'noscript', 'head') || (is(node, 'dialog') && !node.open)) return false;
    const parent = node.parentNode;
    return !(parent && is(parent, 'details') && !parent.open && !ownSummary(node, parent));
  }
  function shown(node) {
    for (let at = node; at !== document; at = at.parentNode) if (!at || !open(at)) return false;
    return true;
  }
  function seen(node) {
    if (node.nodeType === 3) return node.data;
    return node.nodeType === 1 && open(node) ? [...node.childNodes].map(seen).join('') : '';
  }
  const all = (selector) => [...document.querySelectorAll(selector)].filter(shown);
  const label = (field) => {
    const around = field.id && document.querySelector('label[for="' + field.id + '"]') || field.closest('label');
    return field.getAttribute('aria-label') || (around ? [...around.childNodes].filter((one) => one.nodeType === 3).map((one) => one.data).join('').trim() : '');
  };

  // ---- what a person does

  /** The one that fits and can be used: it is not hidden, not disabled, not behind a dialog. */
  function only(what, nodes) {
    const usable = nodes.filter((one) => !one.disabled && (!modal || modal.contains(one)));
    if (usable.length !== 1) throw new Error(what + ': ' + usable.length + ' can be used, of ' + nodes.length + ' that are seen');
    return usable[0];
  }
  const field = (name) => only('field "' + name + '"', all('input, textarea, select').filter((one) => label(one) === name));

  function submit(form) {
    for (const one of form.querySelectorAll('input[required]')) {
      if (one.value === '') throw new Error('the browser asks for "' + label(one) + '"');
    }
    if (form.dispatchEvent(new Event('submit', { bubbles: true, cancelable: true }))) throw new Error('the form would leave the page');
  }

  function click(selector, text) {
    const nodes = all(selector);
    const exact = nodes.filter((one) => seen(one).trim() === text);
    const node = only(selector + ' "' + text + '"', exact.length > 0 ? exact : nodes.filter((one) => seen(one).includes(text)));
    if (!node.dispatchEvent(new Event('click', { bubbles: true, cancelable: true }))) return;
    const active = node.closest('a[href], button, summary');
    if (active === null) return;
    if (is(active, 'a')) {
      if (!active.getAttribute('href').startsWith('#')) throw new Error('the link leaves the page: ' + active.getAttribute('href'));
      go(active.getAttribute('href'));
    } else if (is(active, 'button')) {
      const form = active.closest('form');
      if (form && (active.getAttribute('type') || 'submit') === 'submit') submit(form);
    } else if (is(active.parentNode, 'details') && ownSummary(active, active.parentNode)) {
      active.parentNode.toggleAttribute('open');
      host.later(0, () => active.parentNode.dispatchEvent(new Event('toggle')));
    }
  }

  function changed(node) {
    node.dispatchEvent(new Event('input', { bubbles: true }));
    node.dispatchEvent(new Event('change', { bubbles: true }));
  }

  return {
    click,
    type: (name, text) => {
      const node = field(name);
      if (!is(node, 'input', 'textarea')) throw new Error(name + ' takes no text');
      node.value = text;
      changed(node);
    },
    choose: (name, text) => {
      const node = field(name);
      chosen.set(node, only('option "' + text + '"', [...node.querySelectorAll('option')].filter((one) => one.textContent === text)));
      changed(node);
    },
    text: (selector) => all(selector).map(seen).join('\n'),
    count: (selector) => all(selector).length,
    countAll: (selector) => document.querySelectorAll(selector).length,
    enabled: (selector) => all(selector).filter((one) => !one.disabled).length,
    value: (name) => field(name).value,
    markup: () => document.toString(),
    scripts: () => [...document.querySelectorAll('script')].map((one) => (one.getAttribute('type') === 'module' && one.getAttribute('src')) || ''),
  };
})
