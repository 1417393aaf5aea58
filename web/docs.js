// The document of the API, to be read. It shows /api/openapi.json and knows nothing of its own.

const SHAPE_DEPTH_MAX = 8;

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children.filter((child) => child !== null));
  return made;
}

/** A shape as an example of itself: names with what stands there. */
export function shown(schema, shapes, depth = 0) {
  if (schema === true || schema === undefined || depth > SHAPE_DEPTH_MAX) return 'anything';
  if (schema.$ref) return shown(shapes[schema.$ref.split('/').pop()], shapes, depth + 1);
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) {
    const all = choices.map((choice) => shown(choice, shapes, depth + 1));
    const one = all.find((choice) => typeof choice === 'object');
    return one ?? [...new Set(all)].join(' | ');
  }
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(' | ');
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  const kinds = [schema.type ?? 'anything'].flat();
  if (kinds.includes('array')) return [shown(schema.items, shapes, depth + 1)];
  if (kinds.includes('object')) {
    const needed = schema.required ?? [];
    const fields = Object.entries(schema.properties ?? {}).map(([name, field]) => [
      needed.includes(name) ? name : `${name}?`,
      shown(field, shapes, depth + 1),
    ]);
    return fields.length === 0 ? 'object' : Object.fromEntries(fields);
  }
  const format = schema.format ? ` (${schema.format})` : '';
  return kinds.join(' | ') + format;
}

function body(content, shapes) {
  return Object.entries(content ?? {}).map(([media, { schema }]) => {
    const text = schema === undefined ? media : JSON.stringify(shown(schema, shapes), null, 2);
    return element('pre', { 'aria-label': media }, text);
  });
}

function parameters(list) {
  const rows = list.map(({ name, in: where, required, description, schema }) =>
    element('tr', {},
      element('td', {}, element('code', {}, name)),
      element('td', {}, `${where}${required ? ', needed' : ''}`),
      element('td', {}, String(shown(schema, {}))),
      element('td', {}, description ?? '')));
  return element('table', {}, ...rows);
}

function operation(verb, path, about, shapes) {
  const parts = [
    element('summary', {},
      element('span', { class: 'verb' }, verb.toUpperCase()),
      element('code', {}, path),
      element('span', { class: 'about' }, about.summary)),
  ];
  parts.push(element('p', {}, about.security.length === 0 ? 'Without a token.' : `With a token. Needs: ${about['x-needs'].join(', ')}.`));
  if (about.parameters.length > 0) parts.push(element('h3', {}, 'Parameters'), parameters(about.parameters));
  if (about.requestBody) parts.push(element('h3', {}, 'Body'), ...body(about.requestBody.content, shapes));
  for (const [status, answer] of Object.entries(about.responses)) {
    parts.push(element('h3', {}, status === 'default' ? 'A refusal' : `${status} ${answer.description}`));
    parts.push(...body(answer.content, shapes));
  }
  const made = element('details', {}, ...parts);
  made.dataset.words = `${verb} ${path} ${about.summary}`.toLowerCase();
  return made;
}

async function show() {
  const answer = await fetch('/api/openapi.json');
  const { paths, components } = await answer.json();
  const chapters = new Map();
  for (const [path, verbs] of Object.entries(paths)) {
    for (const [verb, about] of Object.entries(verbs)) {
      const [tag] = about.tags;
      if (!chapters.has(tag)) chapters.set(tag, []);
      chapters.get(tag).push(operation(verb, path, about, components.schemas));
    }
  }
  const list = document.getElementById('chapters');
  for (const tag of [...chapters.keys()].sort()) {
    list.append(element('section', {}, element('h2', {}, tag), ...chapters.get(tag)));
  }
  document.getElementById('find').addEventListener('input', ({ target }) => {
    const words = target.value.toLowerCase();
    for (const section of list.children) {
      const all = [...section.querySelectorAll('details')];
      for (const one of all) one.hidden = !one.dataset.words.includes(words);
      section.hidden = all.every((one) => one.hidden);
    }
  });
}

if (document.getElementById('chapters')) show();
