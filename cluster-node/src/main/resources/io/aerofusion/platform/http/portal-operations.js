// Shows an OpenAPI document, and tries its operations where the browser may: at the origin that this page came from.
import { element, tag, code, said } from '/portal/elements.js';

const METHODS = ['get', 'put', 'post', 'patch', 'delete', 'head', 'options'];
const DEPTH_MAX = 6;
const SHOWN_CHARACTERS_MAX = 100000;

/** What a reference within the document leads to. */
function resolved(root, value) {
  let found = value;
  for (let i = 0; i < DEPTH_MAX && found && typeof found.$ref === 'string' && found.$ref.startsWith('#/'); i++) {
    found = found.$ref.slice(2).split('/').reduce((node, part) => {
      const name = decodeURIComponent(part).replace(/~1/g, '/').replace(/~0/g, '~');
      return node && Object.hasOwn(node, name) ? node[name] : undefined;
    }, root);
  }
  return found || {};
}

/** Something that fits a schema, to begin with. */
function example(root, schema, depth) {
  const one = resolved(root, schema);
  if (depth > DEPTH_MAX) return null;
  if (one.example !== undefined) return one.example;
  if (Array.isArray(one.examples) && one.examples.length > 0) return one.examples[0];
  if (one.default !== undefined) return one.default;
  if (one.const !== undefined) return one.const;
  if (Array.isArray(one.enum)) return one.enum[0];
  if (Array.isArray(one.allOf)) return Object.assign({}, ...one.allOf.map((part) => example(root, part, depth + 1)));
  const choice = one.oneOf || one.anyOf;
  if (Array.isArray(choice)) return example(root, choice[0], depth + 1);
  const type = Array.isArray(one.type) ? one.type[0] : one.type;
  if (type === 'object' || one.properties) {
    const names = Object.keys(one.properties || {}).filter((name) => !resolved(root, one.properties[name]).readOnly);
    return Object.fromEntries(names.map((name) => [name, example(root, one.properties[name], depth + 1)]));
  }
  if (type === 'array') return [example(root, one.items || {}, depth + 1)];
  if (type === 'integer' || type === 'number') return one.minimum || 0;
  if (type === 'boolean') return false;
  return type === 'string' ? '' : null;
}

function server(root, item) {
  const all = (item.servers && item.servers.length > 0 ? item.servers : root.servers || []).map((one) =>
    one.url.replace(/\{([^}]+)\}/g, (whole, name) => (one.variables && one.variables[name] ? one.variables[name].default : name)));
  return all.find((url) => new URL(url, location.href).origin === location.origin) || all[0] || '';
}

function quoted(text) { return "'" + text.replace(/'/g, "'\\''") + "'"; }

/** The fields of a call, and what they make. */
function callForm(root, path, method, item, operation, session) {
  const base = server(root, item);
  const own = base !== '' && new URL(base, location.href).origin === location.origin;
  const all = [...(item.parameters || []), ...(operation.parameters || [])].map((one) => resolved(root, one));
  const parameters = new Map(all.map((one) => [one.in + ' ' + one.name, one])); // an operation's own takes the place of the path's
  const fields = [...parameters.values()].filter((one) => ['path', 'query', 'header'].includes(one.in)).map((one) => {
    const schema = resolved(root, one.schema || {});
    const start = one.example !== undefined ? one.example : schema.default !== undefined ? schema.default : one.required && schema.enum ? schema.enum[0] : '';
    return { one, input: element('input', { value: String(start), required: Boolean(one.required), spellcheck: 'false', autocomplete: 'off' }) };
  });
  const body = resolved(root, operation.requestBody || {});
  const media = Object.keys(body.content || {});
  const type = media.find((name) => name.includes('json')) || media[0];
  const content = type ? element('textarea', { spellcheck: 'false', 'aria-label': 'Body' }) : null;
  if (content) {
    const given = body.content[type].example;
    const value = given !== undefined ? given : example(root, body.content[type].schema || {}, 0);
    content.value = typeof value === 'string' ? value : JSON.stringify(value, null, 2);
  }
  const credential = element('select', {},
    element('option', { value: 'none' }, 'Nothing'),
    element('option', { value: 'key' }, 'An API key'),
    element('option', { value: 'token' }, 'My platform token'));
  const key = element('input', { type: 'password', placeholder: 'afk_…', autocomplete: 'off', 'aria-label': 'API key' });
  const keyName = element('input', { value: 'X-Api-Key', 'aria-label': 'Header of the key', spellcheck: 'false' });
  const keyFields = element('div', { class: 'fields', hidden: true },
    element('div', {}, element('label', {}, 'Key', key)), element('div', {}, element('label', {}, 'In the header', keyName)));
  credential.addEventListener('change', () => { keyFields.hidden = credential.value !== 'key'; });

  const made = () => {
    let address = path;
    const query = new URLSearchParams();
    const headers = [];
    for (const { one, input } of fields) {
      if (one.in === 'path') address = address.replace('{' + one.name + '}', encodeURIComponent(input.value));
      else if (input.value !== '' && one.in === 'query') query.append(one.name, input.value);
      else if (input.value !== '') headers.push([one.name, input.value]);
    }
    if (operation['x-accept']) headers.push(['Accept', operation['x-accept']]);
    if (content && content.value !== '') headers.push(['Content-Type', type]);
    const proof = credential.value === 'key' ? { name: keyName.value, value: key.value, variable: '$KEY' }
      : credential.value === 'token' ? { name: 'Authorization', value: 'Bearer ' + session.token(), variable: 'Bearer $TOKEN' } : null;
    const search = query.toString();
    return { url: base.replace(/\/$/, '') + address + (search ? '?' + search : ''), headers, proof };
  };
  return { base, own, fields, content, type, credential, keyFields, made, method };
}

/** A command line to paste; secrets come from variables, so that they stay out of the history. All else is quoted: a shell evaluates none of it. */
function commandLine(form) {
  const { url, headers, proof } = form.made();
  const lines = ['curl -i -X ' + form.method.toUpperCase() + ' ' + quoted(url)];
  for (const [name, value] of headers) lines.push('  -H ' + quoted(name + ': ' + value));
  if (proof) lines.push('  -H ' + quoted(proof.name + ': ') + '"' + proof.variable + '"');
  if (form.content && form.content.value !== '') lines.push('  --data-binary ' + quoted(form.content.value));
  return lines.join(' \\\n');
}

async function send(form, place) {
  const { url, headers, proof } = form.made();
  if (proof) headers.push([proof.name, proof.value]);
  const begun = performance.now();
  place.replaceChildren(element('p', { class: 'soft' }, 'Sending …'));
  try {
    const bodied = form.content && form.content.value !== '' && !['get', 'head'].includes(form.method);
    const response = await fetch(url, {
      method: form.method.toUpperCase(), headers, credentials: 'omit', cache: 'no-store', body: bodied ? form.content.value : undefined,
    });
    const text = await response.text();
    const took = Math.round(performance.now() - begun);
    let pretty = text;
    try { pretty = JSON.stringify(JSON.parse(text), null, 2); } catch { /* it is no JSON */ }
    place.replaceChildren(
      element('p', {}, element('strong', { class: response.ok ? 'good' : 'bad' }, response.status + ' ' + response.statusText), element('span', { class: 'soft' }, ' in ' + took + ' ms')),
      element('details', {}, element('summary', {}, 'Headers'), element('pre', {}, [...response.headers].map(([name, value]) => name + ': ' + value).join('\n'))),
      text === '' ? element('p', { class: 'soft' }, 'Without content.') : element('pre', {}, pretty.slice(0, SHOWN_CHARACTERS_MAX)));
  } catch (error) {
    place.replaceChildren(element('p', { class: 'bad' }, 'It could not be sent: ' + error.message));
  }
}

function tryView(root, path, method, item, operation, session) {
  const form = callForm(root, path, method, item, operation, session);
  const line = element('pre', { tabindex: '0', 'aria-label': 'Command line' });
  const place = element('div', { 'aria-live': 'polite' });
  const refresh = () => { line.textContent = commandLine(form); };
  const elsewhere = form.base === '' ? 'No route leads here.'
    : 'The API is at ' + new URL(form.base, location.href).origin + '. A browser may call it from this page only if the page came from there, too: use the command line, or open ';
  const view = element('form', {
    class: 'try', oninput: refresh, onchange: refresh,
    onsubmit: (event) => {
      event.preventDefault();
      if (form.own) send(form, place);
    },
  },
  element('h3', {}, 'Try it'),
  element('div', { class: 'fields' }, ...form.fields.map(({ one, input }) => element('div', {},
    element('label', {}, one.name + (one.required ? ' *' : ''), element('span', { class: 'soft' }, ' ' + one.in), input)))),
  form.content ? element('label', {}, 'Body', element('span', { class: 'soft' }, ' ' + form.type), form.content) : null,
  element('div', { class: 'fields' }, element('div', {}, element('label', {}, 'Show who you are with', form.credential))),
  form.keyFields,
  element('div', { class: 'row' },
    element('button', { type: 'submit', class: 'first', disabled: !form.own }, 'Send'),
    element('button', { type: 'button', onclick: () => navigator.clipboard.writeText(line.textContent).then(() => said('Copied.'), () => said('Select and copy it.')) }, 'Copy the command line')),
  form.own ? null : element('p', { class: 'soft' }, elsewhere, form.base === '' ? null
    : element('a', { href: new URL('/portal', new URL(form.base, location.href)).href }, 'the portal there'), form.base === '' ? null : ', if it has one.'),
  place, line);
  refresh();
  return view;
}

function details(title, value) {
  return value === undefined ? null : element('details', {}, element('summary', {}, title), element('pre', {}, JSON.stringify(value, null, 2)));
}

function operationView(root, path, method, item, operation, session) {
  const summary = element('summary', {},
    element('span', { class: 'method ' + method }, method.toUpperCase()),
    element('span', { class: 'path mono' + (operation.deprecated ? ' old' : '') }, path),
    element('span', { class: 'soft' }, operation.summary || ''),
    operation['x-api-version'] ? tag('version ' + operation['x-api-version']) : null,
    operation.deprecated ? tag('deprecated', 'warn') : null);
  const inner = element('div', {});
  const view = element('details', {
    class: 'op',
    ontoggle: () => {
      if (!view.open || inner.childElementCount > 0) return; // made when it is first looked at: documents may be large
      const body = resolved(root, operation.requestBody || {});
      const content = Object.entries(body.content || {})[0];
      inner.append(...[
        operation.description ? element('p', {}, operation.description) : null,
        content ? details('Body: ' + content[0], resolved(root, content[1].schema || {})) : null,
        element('div', { class: 'scroll' }, element('table', {},
          element('thead', {}, element('tr', {}, ...['Status', 'Meaning', ''].map((head) => element('th', { scope: 'col' }, head)))),
          element('tbody', {}, ...Object.entries(operation.responses || {}).map(([status, given]) => {
            const response = resolved(root, given);
            const [type, media] = Object.entries(response.content || {})[0] || [];
            return element('tr', {}, element('td', {}, code(status)), element('td', {}, response.description || ''),
              element('td', {}, type ? details(type, resolved(root, media.schema || {})) : null));
          })))),
        tryView(root, path, method, item, operation, session),
      ].filter(Boolean));
    },
  }, summary, inner);
  return view;
}

/** All operations of a document, by their tags. */
export function apiView(root, session) {
  const groups = new Map();
  for (const [path, item] of Object.entries(root.paths || {})) {
    for (const method of METHODS) {
      if (!item[method]) continue;
      const group = (item[method].tags || [])[0] || 'Operations';
      if (!groups.has(group)) groups.set(group, []);
      groups.get(group).push(operationView(root, path, method, item, item[method], session));
    }
  }
  const servers = (root.servers || []).map((one) => one.url);
  return element('div', {},
    servers.length > 0 ? element('p', { class: 'soft' }, 'At ', ...servers.slice(0, 5).flatMap((url, i) => (i === 0 ? [code(url)] : [', ', code(url)]))) : null,
    groups.size === 0 ? element('p', { class: 'soft' }, 'No route leads to an operation of this API.') : null,
    ...[...groups].flatMap(([name, views]) => [element('h2', {}, name), ...views]));
}
