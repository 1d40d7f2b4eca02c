// Without this script the page shows what the program has drawn. With it rates are counted from the JSON's counters,
// and a new picture is fetched when anything else than a counter has changed.
'use strict';
(() => {
  const every = 2000, patience = 5000, redrawnAfter = 15000, oldAfter = 10000, samples = 60;
  const json = document.body.dataset.json;
  const stale = document.getElementById('stale');
  const pace = document.getElementById('pace');
  const live = document.getElementById('live');
  const before = new Map();
  const lines = new Map();
  let drawnAt = performance.now();
  let advancedAt = performance.now();
  let wall = 0;
  let timer = 0;

  const short = (value, unit) => {
    const prefixes = ['', 'k', 'M', 'G', 'T', 'P', 'E'];
    let i = 0;
    for (; value >= 1000 && i < prefixes.length - 1; ++i) value /= 1000;
    const digits = i && value < 10 ? Math.floor(value * 10) / 10 : Math.floor(value);
    return digits.toFixed(i && value < 10 ? 1 : 0) + ' ' + prefixes[i] + unit;
  };
  const span = (s) => s < 60 ? `${s} s` : s < 3600 ? `${Math.floor(s / 60)} m ${s % 60} s`
    : s < 86400 ? `${Math.floor(s / 3600)} h ${Math.floor(s / 60) % 60} m`
    : `${Math.floor(s / 86400)} d ${Math.floor(s / 3600) % 24} h`;
  const clock = (ms) => new Date(ms).toISOString().slice(11, 19) + ' UTC';
  const articles = () => [...document.querySelectorAll('article[data-bond]')];

  // As key_of() in picture.cpp.
  const keyOf = (bond) => [
    [+bond.carrier, +bond.up, +bond.offload.serving, bond.awaited.length, bond.addresses.length,
      bond.events && bond.events.length ? bond.events[bond.events.length - 1].sequence : 0].join(' '),
    ...bond.ports.map((port) =>
      [port.name, port.link, +port.active, +port.carries, port.speed_mbps, port.link_failures].join(' ')),
  ].join('|');
  const isAsDrawn = (bonds) => {
    const drawn = new Map(articles().map((article) => [article.dataset.bond, article.dataset.key]));
    return drawn.size === bonds.length && bonds.every((bond) => drawn.get(bond.name) === keyOf(bond));
  };

  const load = async (url) => {
    const giveUp = new AbortController();
    const late = setTimeout(() => giveUp.abort(), patience);
    try {
      const answer = await fetch(url, { cache: 'no-store', signal: giveUp.signal });
      const text = await answer.text();
      if (!answer.ok) {
        let why = 'the server says ' + answer.status;
        try { why = JSON.parse(text).error || why; } catch { /* not ours */ }
        throw new Error(why);
      }
      return [text, Date.parse(answer.headers.get('Date') || '')];
    } finally {
      clearTimeout(late);
    }
  };

  // What the drawn numbers were is the first sample.
  const remember = () => {
    for (const article of articles())
      for (const row of article.querySelectorAll('tr[data-port]'))
        if (!before.has(article.dataset.bond + ' ' + row.dataset.port))
          before.set(article.dataset.bond + ' ' + row.dataset.port,
            { tick: +article.dataset.tick, tx: +row.dataset.tx, rx: +row.dataset.rx, rate: {} });
  };

  const count = (bonds) => {
    for (const bond of bonds) {
      for (const port of bond.ports) {
        const id = bond.name + ' ' + port.name;
        const was = before.get(id);
        const now = { tick: bond.tick, tx: port.tx.bytes, rx: port.rx.bytes, rate: {} };
        // Counters begin anew with another process.
        if (was && now.tick > was.tick && now.tx >= was.tx && now.rx >= was.rx) {
          for (const way of ['tx', 'rx']) {
            now.rate[way] = (now[way] - was[way]) * 8000 / (now.tick - was.tick);
            const line = lines.get(id + way) || [];
            line.push(now.rate[way]);
            lines.set(id + way, line.slice(-samples));
          }
        } else if (was && now.tick === was.tick) {
          now.rate = was.rate;
        }
        before.set(id, now);
      }
    }
  };

  const put = (node, text) => {
    if (node && node.textContent !== text) node.textContent = text;
  };
  const write = (bonds) => {
    for (const article of articles()) {
      const bond = bonds.find((one) => one.name === article.dataset.bond);
      if (!bond) continue;
      const top = Math.max(1, ...bond.ports.flatMap((port) =>
        ['tx', 'rx'].flatMap((way) => lines.get(bond.name + ' ' + port.name + way) || [])));
      for (const place of article.querySelectorAll('[data-port]')) {
        const port = bond.ports.find((one) => one.name === place.dataset.port);
        const now = port && before.get(bond.name + ' ' + port.name);
        if (!now || now.rate.tx === undefined) continue;
        put(place.querySelector('.rate'), port.link === 'down' ? '' : `out ${short(now.rate.tx, 'bit/s')}, in ${short(now.rate.rx, 'bit/s')}`);
        for (const way of ['tx', 'rx']) {
          put(place.querySelector(`[data-r=${way}]`), short(now.rate[way], 'bit/s'));
          put(place.querySelector(`[data-t=${way}]`), short(now[way], 'B'));
          const spark = place.querySelector(`[data-s=${way}]`);
          const line = lines.get(bond.name + ' ' + port.name + way) || [];
          if (!spark || line.length < 5) continue;
          spark.classList.add('drawn');
          const start = samples - line.length + 1;
          spark.firstElementChild.setAttribute('points', `${start},17 ` + line.map((rate, i) =>
            `${start + i},${(15.5 - 14 * rate / top).toFixed(1)}`).join(' ') + ` ${samples},17`);
        }
        put(place.querySelector('[data-n=lost]'), String(port.tx.refused + port.rx.host_refused + port.rx.runts +
          port.rx.lost_below + port.rx.truncated + port.rx.errors));
      }
    }
  };

  const redraw = async () => {
    const [text] = await load(location.href);
    const fresh = new DOMParser().parseFromString(text, 'text/html');
    const main = fresh.querySelector('main');
    const old = document.querySelector('main');
    if (!main) throw new Error('the page has no picture');
    const open = [...old.querySelectorAll('details[open]')].map((details) => details.id);
    if (open.length && old.contains(document.activeElement)) return;
    const said = old.querySelector('h1').textContent;
    old.replaceWith(main);
    for (const id of open) if (document.getElementById(id)) document.getElementById(id).open = true;
    document.title = fresh.title;
    if (main.querySelector('h1').textContent !== said) live.textContent = main.querySelector('h1').textContent;
    drawnAt = performance.now();
    remember();
  };

  const tellAge = (serverNow, why) => {
    const unmoved = performance.now() - advancedAt;
    const age = Math.max(unmoved, serverNow && wall ? serverNow - wall : 0);
    const old = Boolean(why) || age > oldAfter;
    document.body.classList.toggle('old', old);
    stale.hidden = !old;
    const taken = wall || Date.parse(document.querySelector('main time')?.dateTime);
    const when = taken ? ` It was taken at ${clock(taken)}, ${span(Math.round(age / 1000))} ago.` : '';
    if (old) put(stale, 'This picture is old.' + when + (why ? ` It cannot be refreshed: ${why}.` : ''));
    if (json) put(pace, why ? 'asked again every few seconds' : `refreshed every ${every / 1000} s, last at ${clock(wall)}`);
    const shown = document.querySelector('main .top time');
    if (!old && shown) put(shown, clock(wall).slice(0, 8));
  };

  const poll = async () => {
    clearTimeout(timer);
    let serverNow = 0;
    let why = '';
    try {
      const [text, date] = await load(json);
      const state = JSON.parse(text);
      serverNow = date || 0;
      if (state.wall_time_ms !== wall) advancedAt = performance.now();
      wall = state.wall_time_ms;
      count(state.bonds);
      if (!isAsDrawn(state.bonds) || performance.now() - drawnAt > redrawnAfter) await redraw();
      write(state.bonds);
    } catch (error) {
      why = error.name === 'AbortError' ? 'no answer in time' : error.message;
    }
    tellAge(serverNow, why);
    timer = setTimeout(poll, document.hidden ? 10 * every : every);
  };

  if (!json) {
    wall = Date.parse(document.querySelector('main time')?.dateTime) || 0;
    setInterval(() => tellAge(Date.now(), ''), every);
    return;
  }
  remember();
  timer = setTimeout(poll, every / 4);
  document.addEventListener('visibilitychange', () => { if (!document.hidden) poll(); });
})();
