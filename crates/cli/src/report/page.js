'use strict';
(() => {
  const PAGE = 50;
  const outcomes = JSON.parse(document.getElementById('data').textContent);
  const form = document.getElementById('search');
  if (!form) return;
  const words = document.getElementById('words');
  const kind = document.getElementById('kind');
  const found = document.getElementById('found');
  const list = document.getElementById('answers');
  const more = document.getElementById('more');
  let hits = [];
  let count = 0;

  // Texts of others go into the page as text alone, each in a direction of its own.
  const element = (tag, className, text) => {
    const made = document.createElement(tag);
    made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  };
  const shown = (className, it) => {
    const part = element('bdi', className, it.text);
    part.dir = 'auto';
    return part;
  };
  const cut = (it) => element('span', 'cut', `… cut, of ${it.of.toLocaleString('en')} characters`);
  const item = (outcome) => {
    const made = element('li', outcome.kind);
    const head = element('div', 'head');
    head.append(shown('key', outcome.key));
    if (outcome.key.of !== null) head.append(cut(outcome.key));
    const note = outcome.note ? `${outcome.kind}, ${outcome.note}` : outcome.kind;
    head.append(element('bdi', 'kind', note));
    made.append(head);
    if (outcome.text.text) made.append(shown('answer', outcome.text));
    if (outcome.text.of !== null) made.append(cut(outcome.text));
    return made;
  };
  const show = () => {
    const next = hits.slice(count, count + PAGE);
    list.append(...next.map(item));
    count += next.length;
    more.hidden = count >= hits.length;
    found.textContent = `${hits.length.toLocaleString('en')} found, ${count.toLocaleString('en')} shown`;
  };
  const search = () => {
    const wanted = words.value.toLowerCase().split(/\s+/).filter((word) => word);
    hits = outcomes.filter((outcome) => {
      if (kind.value && outcome.kind !== kind.value) return false;
      if (!wanted.length) return true;
      const text = `${outcome.key.text}\n${outcome.note}\n${outcome.text.text}`.toLowerCase();
      return wanted.every((word) => text.includes(word));
    });
    list.replaceChildren();
    count = 0;
    show();
  };
  let waiting;
  words.addEventListener('input', () => {
    clearTimeout(waiting);
    waiting = setTimeout(search, 120);
  });
  kind.addEventListener('change', search);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    search();
  });
  more.addEventListener('click', show);
  form.hidden = false;
  search();
})();
