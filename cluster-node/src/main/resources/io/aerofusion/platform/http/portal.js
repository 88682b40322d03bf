// The shell of the portal: who is signed in, the list of APIs, one's keys. Everything is set as text, never as markup: documents, names
// and answers are other people's. The token stays in this variable: other services may share this page's origin and could read a store.
import { element, tag, code, said } from '/portal/elements.js';
import { apiView } from '/portal/operations.js';

const BASE = '/api/v1/gateway/';
const WAIT_MS = 200;
const main = document.getElementById('main');
const dialog = document.getElementById('dialog');
let token = '';
let me = null;
let shown = 0;

/** Calls the platform; throws what it says went wrong. */
async function call(method, path, body) {
  const headers = { Authorization: 'Bearer ' + token };
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  const response = await fetch(BASE + path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
  const json = response.status === 204 ? null : await response.json().catch(() => null);
  if (response.ok) return json;
  if (response.status === 401 && me) signOut();
  throw new Error(json && json.detail ? json.detail + (json.next ? ' ' + json.next : '') : 'The answer was ' + response.status + '.');
}

function signOut() {
  token = '';
  me = null;
  signed();
  route();
}

function signed() {
  document.getElementById('who').textContent = me ? me.user + (me.operator ? ' (operator)' : '') : '';
  document.getElementById('sign').textContent = me ? 'Sign out' : 'Sign in';
}

function ask() {
  document.getElementById('refused').textContent = '';
  dialog.showModal();
}

document.getElementById('sign').addEventListener('click', () => (me ? signOut() : ask()));
document.getElementById('cancel').addEventListener('click', () => dialog.close());
document.getElementById('signin').addEventListener('submit', async (event) => {
  event.preventDefault();
  const field = document.getElementById('token');
  token = field.value.trim();
  try {
    me = await call('GET', 'portal');
    field.value = '';
    dialog.close();
    signed();
    route();
  } catch (error) {
    token = '';
    document.getElementById('refused').textContent = error.message;
  }
});

function show(title, ...children) {
  document.title = title + ' · Developer portal';
  main.replaceChildren(...children.filter(Boolean));
}

function needsSignIn() {
  show('Sign in', element('div', { class: 'empty' },
    element('h1', {}, 'Welcome'),
    element('p', { class: 'soft' }, 'Sign in to see the APIs behind this gateway, to try them, and to get keys of your own.'),
    element('p', {}, element('button', { type: 'button', class: 'first', onclick: ask }, 'Sign in'))));
}

function failed(error) {
  show('Not available', element('h1', {}, 'That did not work'), element('p', { class: 'bad', role: 'alert' }, error.message));
}

// ---- the list

function card(api) {
  const matches = (api.matches || []).slice(0, 5).map((match) => element('li', {},
    element('span', { class: 'method ' + match.method.toLowerCase() }, match.method), ' ', code(match.path)));
  const state = api.document.state;
  return element('li', { class: 'card' },
    element('h2', {}, element('a', { href: '#/apis/' + encodeURIComponent(api.name) }, api.title)),
    element('p', { class: 'about' }, api.description || 'No description.'),
    matches.length > 0 ? element('ul', { class: 'found' }, ...matches) : null,
    element('div', { class: 'foot' },
      api.version ? tag('version ' + api.version) : null,
      tag(api.operations + (api.operations === 1 ? ' operation' : ' operations')),
      api.deprecated ? tag('deprecated', 'warn') : null,
      api.sunset ? tag('ends ' + api.sunset.slice(0, 10), 'warn') : null,
      api.listed === false ? tag('not listed') : null,
      api.routes.length === 0 ? tag('no route', 'warn') : null,
      state === 'current' ? null : tag('document ' + state, state === 'stale' || state === 'pending' ? 'warn' : 'bad')));
}

async function listView() {
  const cards = element('ul', { class: 'cards', 'aria-label': 'APIs' });
  const none = element('p', { class: 'soft', role: 'status' });
  const more = element('p', {});
  const field = element('input', { type: 'search', class: 'search', placeholder: 'Search titles, paths and summaries', 'aria-label': 'Search APIs' });
  let asked = 0;
  const load = async (cursor) => {
    const mine = ++asked;
    try {
      const page = await call('GET', 'apis?limit=60&q=' + encodeURIComponent(field.value) + (cursor ? '&cursor=' + cursor : ''));
      if (mine !== asked) return;
      if (!cursor) cards.replaceChildren();
      cards.append(...page.items.map(card));
      none.textContent = cards.childElementCount === 0 ? (field.value ? 'Nothing is found.' : 'There is no API with a document yet.') : '';
      more.replaceChildren(...(page.next ? [element('button', { type: 'button', onclick: () => load(page.next) }, 'More')] : []));
    } catch (error) {
      if (mine === asked) none.textContent = error.message;
    }
  };
  let timer = 0;
  field.addEventListener('input', () => {
    clearTimeout(timer);
    timer = setTimeout(load, WAIT_MS);
  });
  show('APIs', element('h1', {}, 'APIs'),
    element('p', { class: 'soft' }, 'What the services behind this gateway offer.'), field, none, cards, more);
  await load();
}

// ---- one API

async function oneView(name, current) {
  const page = await call('GET', 'apis?limit=1000');
  const api = page.items.find((one) => one.name === name);
  if (!api) throw new Error('There is no API of this name, or it is not for you.');
  let description = null;
  if (api.document.url) description = await call('GET', 'apis/' + encodeURIComponent(name) + '/openapi.json');
  if (!current()) return; // somebody went on, or signed out, while it was fetched
  const problems = api.document.problems || [];
  show(api.title,
    element('p', {}, element('a', { href: '#/apis' }, '← APIs')),
    element('h1', {}, api.title),
    element('div', { class: 'foot' }, api.version ? tag('version ' + api.version) : null, tag('document ' + api.document.state),
      api.deprecated ? tag('deprecated', 'warn') : null, api.sunset ? tag('ends ' + api.sunset.slice(0, 10), 'warn') : null),
    element('p', {}, api.description),
    api.document.failure ? element('div', { class: 'note' }, api.document.failure) : null,
    problems.length > 0 ? element('div', { class: 'note' }, element('strong', {}, 'The service’s newest document is not valid'),
      element('ul', {}, ...problems.map((one) => element('li', {}, code(one.pointer || '/'), ' ' + one.detail)))) : null,
    description ? apiView(description, { token: () => token }) : element('p', { class: 'soft' }, 'There is no document to show yet.'));
}

// ---- keys

function limitText(limit) {
  return limit.requests + ' per ' + limit.unit.toLowerCase() + ', ' + limit.burst + ' at once, by ' + limit.key
    + (limit.scope === 'Global' ? ', on all nodes together' : '') + (limit.dryRun ? ' (only counted)' : '');
}

function keyText(key) {
  if (!key) return 'no key needed';
  return [...key.headers.map((name) => 'header ' + name), ...key.queryParams.map((name) => 'query ' + name)].join(' or ');
}

async function limits(consumer, place) {
  try {
    const told = await call('GET', 'portal/consumers/' + encodeURIComponent(consumer.name) + '/limits');
    const usage = told.usage;
    place.replaceChildren(element('p', {}, usage ? usage.requests + (usage.requests === 1 ? ' request' : ' requests') + ' since the nodes started, ' + usage.errors + ' of them failed or refused, '
      + usage.active + ' under way (' + usage.nodes + (usage.nodes === 1 ? ' node).' : ' nodes).') : 'No requests are counted for it yet.'), told.routes.length === 0 ? element('p', { class: 'soft' }, 'It may use no route.')
      : element('div', { class: 'scroll' }, element('table', {},
        element('thead', {}, element('tr', {}, ...['Route', 'Access', 'The key goes in', 'Limits'].map((head) => element('th', { scope: 'col' }, head)))),
        element('tbody', {}, ...told.routes.map((one) => element('tr', {},
          element('td', {}, code(one.route + (one.rule ? ' / ' + one.rule : ''))),
          element('td', {}, one.access === 'allowed' ? 'allowed' : 'depends on the request'),
          element('td', {}, keyText(one.apiKey)),
          element('td', {}, ...(one.limits.length === 0 ? ['none'] : one.limits.map((limit) => element('div', {}, limitText(limit)))))))))));
  } catch (error) {
    place.replaceChildren(element('p', { class: 'bad' }, error.message));
  }
}

function issuedNote(issued) {
  return element('div', { class: 'note key', role: 'status' },
    element('strong', {}, 'This key is shown only now. Keep it in a safe place.'), element('pre', {}, issued.key),
    element('button', { type: 'button', onclick: () => navigator.clipboard.writeText(issued.key).then(() => said('Copied.'), () => said('Select and copy it.')) }, 'Copy'));
}

function consumerView(consumer, reload) {
  const notes = element('div', {});
  const path = 'portal/consumers/' + encodeURIComponent(consumer.name);
  const attempt = (work) => work().catch((error) => notes.replaceChildren(element('p', { class: 'bad', role: 'alert' }, error.message)));
  const issue = () => attempt(async () => {
    const issued = await call('POST', path + '/keys', {});
    await reload(consumer.name, issuedNote(issued));
  });
  const remove = () => confirm('Remove ' + consumer.title + ' and all its keys?') && attempt(async () => {
    await call('DELETE', path);
    await reload();
  });
  const revoke = (hint) => confirm('Take back the key ' + hint + '…?') && attempt(async () => {
    await call('DELETE', path + '/keys/' + encodeURIComponent(hint));
    await reload();
  });
  const place = element('div', {}, element('p', { class: 'soft' }, 'Loading …'));
  const more = element('details', { ontoggle: () => more.open && limits(consumer, place) }, element('summary', {}, 'Limits and usage'), place);
  return element('section', { class: 'card', 'aria-label': consumer.title },
    element('h2', {}, consumer.title),
    element('p', { class: 'soft' }, 'Consumer ', code(consumer.name), consumer.roles.length > 0 ? ', roles ' + consumer.roles.join(', ') : '', consumer.disabled ? ' (disabled)' : ''),
    notes,
    ...consumer.keys.map((key) => element('div', { class: 'row' }, code(key.hint + '…'),
      key.expiresAt ? element('span', { class: 'soft' }, 'until ' + key.expiresAt) : null,
      element('button', { type: 'button', class: 'plain', onclick: () => revoke(key.hint) }, 'Take back'))),
    element('div', { class: 'row' },
      element('button', { type: 'button', class: 'first', onclick: issue, disabled: consumer.keys.length >= me.keysMax }, 'Get a key'),
      element('button', { type: 'button', onclick: remove }, 'Remove')),
    element('p', {}), more);
}

async function keysView() {
  const list = element('div', {});
  const reload = async (name, note) => {
    const found = await call('GET', 'portal/consumers');
    list.replaceChildren(...found.items.flatMap((one) => [consumerView(one, reload), one.name === name && note ? note : null, element('p', {})].filter(Boolean)));
    if (found.items.length === 0) list.append(element('div', { class: 'empty soft' }, 'You have no consumers yet. Make one for each of your applications.'));
    form.hidden = !me.selfService || found.items.length >= me.consumersMax;
  };
  const problem = element('p', { class: 'bad', role: 'alert' });
  const title = element('input', { id: 'title', required: true, maxlength: '60', placeholder: 'Mobile app' });
  const form = element('form', {
    onsubmit: async (event) => {
      event.preventDefault();
      problem.textContent = '';
      try {
        const made = await call('POST', 'portal/consumers', { title: title.value });
        title.value = '';
        await reload();
        said(made.title + ' is made.');
      } catch (error) {
        problem.textContent = error.message;
      }
    },
  }, element('label', { for: 'title' }, 'A new consumer for'), element('div', { class: 'row' },
    element('div', { class: 'fields' }, title), element('button', { type: 'submit' }, 'Make it')), problem);
  show('My keys', element('h1', {}, 'My keys'),
    element('p', { class: 'soft' }, me.selfService ? 'A consumer stands for one of your applications: up to ' + me.consumersMax + ', each with up to ' + me.keysMax + ' keys.'
      : 'Here users make no consumers for themselves: ask an operator for one.'),
    list, element('p', {}), form);
  await reload();
}

// ---- which page

async function route() {
  const mine = ++shown;
  const parts = location.hash.replace(/^#\/?/, '').split('/');
  for (const link of document.querySelectorAll('nav a')) {
    if (link.getAttribute('href') === '#/' + (parts[0] || 'apis')) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  if (!me) {
    needsSignIn();
    return;
  }
  try {
    if (parts[0] === 'keys') await keysView();
    else if (parts[0] === 'apis' && parts[1]) await oneView(decodeURIComponent(parts[1]), () => mine === shown);
    else await listView();
  } catch (error) {
    if (mine === shown) failed(error);
  }
}

addEventListener('hashchange', () => {
  if (location.hash === '#main') return;
  route();
  main.focus();
});
signed();
route();
