'use strict';
// Renders /openapi.json. Everything is set as text, never as markup: the document may hold names that users chose.

const METHODS = ['get', 'put', 'post', 'patch', 'delete'];

function element(name, attributes, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) node.setAttribute(key, value);
  for (const child of children) if (child !== undefined && child !== null) node.append(child);
  return node;
}

function table(heads, rows) {
  if (rows.length === 0) return null;
  return element('table', {},
    element('thead', {}, element('tr', {}, ...heads.map((head) => element('th', {}, head)))),
    element('tbody', {}, ...rows.map((row) => element('tr', { id: row.id || '' },
      ...row.cells.map((cell) => element('td', {}, cell))))));
}

function schema(title, value) {
  if (!value || Object.keys(value).length === 0) return null;
  return element('details', {}, element('summary', {}, title), element('pre', {}, JSON.stringify(value, null, 2)));
}

function code(text) { return element('code', {}, text); }

/** A command line that a reader can paste; the token comes from a variable, so that it stays out of the history. */
function curl(method, path, operation) {
  const lines = ['curl -X ' + method.toUpperCase() + " '" + location.origin + path + "'"];
  if (operation.security.length > 0) lines.push('  -H "Authorization: Bearer $TOKEN"');
  if (operation.requestBody) lines.push("  -H 'Content-Type: application/json' -d '{}'");
  return element('pre', {}, lines.join(' \\\n'));
}

function operationView(method, path, operation) {
  const parameters = table(['Parameter', 'In', 'Type', ''], operation.parameters.map((p) => ({
    cells: [code(p.name + (p.required ? ' *' : '')), p.in, code(p.schema.type || 'any'), p.description || ''],
  })));
  const content = operation.requestBody ? operation.requestBody.content['application/json'] : null;
  const responses = Object.entries(operation.responses)
    .filter(([status]) => status !== 'default')
    .map(([status, response]) => {
      const [type, body] = Object.entries(response.content || {})[0] || ['', {}];
      return { cells: [code(status), response.description || 'problem', element('div', {}, code(type), schema('schema', body.schema))] };
    });
  return element('article', { id: operation.operationId },
    element('h3', {}, element('span', { class: 'method' }, method.toUpperCase()), ' ', code(path)),
    element('p', {}, operation.summary),
    element('p', { class: 'soft' }, operation['x-role'] ? 'Needs a token (' + operation['x-role'] + ').' : 'Open to everybody.'),
    parameters,
    content ? schema('Request body', content.schema) : null,
    table(['Status', 'Meaning', 'Body'], responses),
    element('details', {}, element('summary', {}, 'Command line'), curl(method, path, operation)));
}

function render(api) {
  document.getElementById('about').replaceChildren(
    api.info.title + ' ' + api.info.version + '. ' + api.info.description + ' The document: ',
    element('a', { href: '/openapi.json' }, '/openapi.json'));
  const main = document.getElementById('operations');
  const list = element('ul', {});
  for (const tag of api.tags) {
    main.append(element('h2', { id: 'tag-' + tag.name }, tag.name));
    for (const [path, methods] of Object.entries(api.paths)) {
      for (const method of METHODS) {
        const operation = methods[method];
        if (!operation || !operation.tags.includes(tag.name)) continue;
        main.append(operationView(method, path, operation));
        list.append(element('li', {}, element('a', { href: '#' + operation.operationId },
          element('span', { class: 'method' }, method.toUpperCase()), ' ', code(path))));
      }
    }
  }
  document.getElementById('index').append(list);
  const codes = api.components.schemas.Problem.properties.code['x-codes'];
  main.append(element('h2', { id: 'errors' }, 'Errors'),
    table(['Code', 'Status', 'Meaning', 'What to do'], codes.map((error) => ({
      id: 'error-' + error.code,
      cells: [code(error.code), String(error.status) + (error.retryable ? ' (retry)' : ''), error.title, error.next],
    }))));
  if (location.hash) {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (target) target.scrollIntoView();
  }
}

fetch('/openapi.json')
  .then((response) => {
    if (!response.ok) throw new Error('status ' + response.status);
    return response.json();
  })
  .then(render)
  .catch((error) => {
    document.getElementById('about').textContent = 'The description could not be loaded: ' + error.message;
  });
