// Draws the page's figures from the JSON in #charts with ECharts. What each kind of figure holds: docs/report.md.
// All numbers are also in the page's tables; nothing here fetches, stores or sends anything.
(function () {
  'use strict';

  document.documentElement.classList.remove('no-js');
  const charts = JSON.parse(document.getElementById('charts').textContent);
  const dark = window.matchMedia('(prefers-color-scheme: dark)');

  // Okabe and Ito's colours, which stay apart for colour-blind readers; lightened or darkened for each background.
  const themes = {
    light: {
      ink: '#1d2327', soft: '#55606a', line: '#dcdfe0', card: '#ffffff',
      series: ['#0072b2', '#d55e00', '#009e73', '#b35c8f', '#8a6d00', '#3a9bd1', '#55606a', '#7b4fa3', '#5a8f29', '#c2185b'],
      counts: ['#f5f8fb', '#c6dcec', '#7db3d6', '#2f7fb5', '#0b4470'],
      // Cividis: even in lightness, made for colour-blind readers.
      share: ['#00224e', '#35456c', '#666970', '#948e77', '#c8b866', '#fee838'],
    },
    dark: {
      ink: '#e6e9ea', soft: '#a9b3ba', line: '#3a434a', card: '#1b2125',
      series: ['#56b4e9', '#f0a35c', '#3ecf9e', '#dd94c0', '#e6cf5a', '#8fcdf0', '#a9b3ba', '#b79ae0', '#a3cf74', '#f08bb0'],
      counts: ['#1f272c', '#22435a', '#2b6c94', '#4f9fcf', '#b5dcf5'],
      share: ['#00224e', '#35456c', '#666970', '#948e77', '#c8b866', '#fee838'],
    },
  };

  const escapeHtml = (text) => String(text).replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
  const clip = (text, length) => (String(text).length > length ? `${String(text).slice(0, length - 1)}…` : String(text));
  const withUnit = (value, unit) => `${Number(value).toLocaleString('en', { maximumFractionDigits: Math.abs(value) >= 10 ? 1 : 3 })}${unit ? ` ${unit}` : ''}`;

  // Dark text on light cells and the reverse, by the relative luminance of the colour.
  function textOn(colour) {
    const parts = colour.match(/\d+(\.\d+)?/g).map(Number);
    const rgb = colour[0] === '#' ? [1, 3, 5].map((i) => parseInt(colour.slice(i, i + 2), 16)) : parts;
    const linear = rgb.slice(0, 3).map((v) => (v / 255 <= 0.03928 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2] > 0.18 ? '#12171a' : '#ffffff';
  }

  function mix(palette, share) {
    const at = Math.max(0, Math.min(1, share)) * (palette.length - 1);
    const low = Math.floor(at);
    const high = Math.min(low + 1, palette.length - 1);
    const channel = (i) => {
      const a = parseInt(palette[low].slice(i, i + 2), 16);
      const b = parseInt(palette[high].slice(i, i + 2), 16);
      return Math.round(a + (b - a) * (at - low));
    };
    return `rgb(${channel(1)},${channel(3)},${channel(5)})`;
  }

  function axis(theme, more) {
    return Object.assign({
      axisLine: { lineStyle: { color: theme.line } },
      axisTick: { lineStyle: { color: theme.line } },
      axisLabel: { color: theme.soft },
      splitLine: { lineStyle: { color: theme.line, opacity: 0.6 } },
      nameTextStyle: { color: theme.soft },
      nameLocation: 'middle',
    }, more);
  }

  function frame(theme, more) {
    return Object.assign({
      animation: false,
      color: theme.series,
      textStyle: { fontFamily: getComputedStyle(document.body).fontFamily },
      grid: { left: 12, right: 28, top: 24, bottom: 34, containLabel: true },
      tooltip: {
        backgroundColor: theme.card, borderColor: theme.line, textStyle: { color: theme.ink, fontSize: 13 }, confine: true,
      },
    }, more);
  }

  const legend = (theme) => ({ type: 'scroll', top: 6, left: 12, right: 12, textStyle: { color: theme.ink }, pageTextStyle: { color: theme.ink },
    formatter: (name) => clip(name, 34) });
  // Names beside bars: one line where there is room, two short ones on a phone.
  const nameLabel = (theme, width) => (width < 500
    ? { color: theme.ink, width: width * 0.4, overflow: 'break', fontSize: 10, lineHeight: 11, interval: 0 }
    : { color: theme.ink, width: Math.min(300, width * 0.36), overflow: 'truncate', interval: 0 });

  // Horizontal bars, one group a category: {categories, series: [{name, values}], x_name, unit, log}.
  function bars(data, theme, width) {
    const many = data.series.length > 1;
    // A bar on a logarithmic axis needs a start: a power of ten below the smallest value.
    const values = data.series.flatMap((s) => s.values).filter((v) => v > 0);
    const start = data.log ? 10 ** Math.floor(Math.log10(Math.min(...values)) - 0.01) : 0;
    return frame(theme, {
      legend: many ? legend(theme) : undefined,
      grid: { left: 12, right: 64, top: many ? 42 : 16, bottom: 34, containLabel: true },
      xAxis: axis(theme, { type: data.log ? 'log' : 'value', name: data.x_name, nameGap: 28, min: data.log ? start : undefined, startValue: data.log ? start : undefined, max: data.x_max,
        splitNumber: width < 500 ? 3 : 5,
        axisLabel: { color: theme.soft, hideOverlap: true } }),
      yAxis: axis(theme, { type: 'category', data: data.categories, inverse: true, splitLine: { show: false }, name: undefined,
        axisLabel: nameLabel(theme, width) }),
      tooltip: Object.assign(frame(theme).tooltip, { trigger: 'axis', axisPointer: { type: 'shadow' },
        formatter: (items) => `<b>${escapeHtml(items[0].name)}</b>${items.map((i) =>
          `<br>${many ? `${escapeHtml(i.seriesName)}: ` : ''}${i.value === null || i.value === undefined ? '–' : escapeHtml(withUnit(i.value, data.unit))}`).join('')}` }),
      series: data.series.map((s, index) => ({
        type: 'bar', name: s.name, data: s.values, barMaxWidth: 22, barGap: '15%',
        itemStyle: { color: theme.series[index], borderRadius: [0, 3, 3, 0] },
        label: { show: data.categories.length <= 40, position: 'right', color: theme.soft, fontSize: 11,
          formatter: (p) => (s.texts ? s.texts[p.dataIndex] : withUnit(p.value, '')) },
      })),
    });
  }

  // Points with their 95 % interval: {points: [{name, value, low, high, note, marked}], x_name}.
  function intervals(data, theme, width) {
    const low = Math.min(...data.points.map((p) => p.low));
    const whisker = (params, api) => {
      const ends = [api.coord([api.value(1), api.value(0)]), api.coord([api.value(2), api.value(0)])];
      const colour = api.value(3) ? theme.series[1] : theme.series[0];
      const line = (x1, y1, x2, y2) => ({ type: 'line', shape: { x1, y1, x2, y2 }, style: { stroke: colour, lineWidth: 2 } });
      const [a, b] = ends;
      return { type: 'group', children: [line(a[0], a[1], b[0], b[1]), line(a[0], a[1] - 5, a[0], a[1] + 5), line(b[0], b[1] - 5, b[0], b[1] + 5)] };
    };
    return frame(theme, {
      grid: { left: 12, right: width < 500 ? 24 : 60, top: 16, bottom: 34, containLabel: true },
      xAxis: axis(theme, { type: 'value', name: data.x_name, nameGap: 28, min: Math.max(0, Math.floor(low / 10) * 10), max: 100, splitNumber: width < 500 ? 2 : 5,
        axisLabel: { color: theme.soft, hideOverlap: true } }),
      yAxis: axis(theme, { type: 'category', inverse: true, data: data.points.map((p) => p.name), splitLine: { show: false }, name: undefined,
        axisLabel: nameLabel(theme, width) }),
      tooltip: Object.assign(frame(theme).tooltip, { formatter: (p) => {
        const point = data.points[p.dataIndex];
        return `<b>${escapeHtml(point.name)}</b><br>${escapeHtml(withUnit(point.value, '%'))}, 95 % interval ${escapeHtml(withUnit(point.low, ''))} to ${escapeHtml(withUnit(point.high, '%'))}${point.note ? `<br>${escapeHtml(point.note)}` : ''}`;
      } }),
      series: [
        { type: 'custom', renderItem: whisker, encode: { x: [1, 2], y: 0 }, z: 1, data: data.points.map((p, i) => [i, p.low, p.high, p.marked ? 1 : 0]) },
        { type: 'scatter', symbolSize: 11, z: 2, data: data.points.map((p, i) => ({ value: [p.value, i],
          symbol: p.marked ? 'diamond' : 'circle', symbolSize: p.marked ? 15 : 11,
          itemStyle: { color: p.marked ? theme.series[1] : theme.series[0], borderColor: theme.card, borderWidth: 1.5 } })) },
      ],
    });
  }

  // Curves: {x_name, y_name, unit, series: [{name, style: "solid" | "dashed" | "thin" | "guide", colour, points: [[x, y]]}]}.
  function lines(data, theme) {
    const shown = data.series.filter((s) => s.style !== 'thin' && s.style !== 'guide');
    return frame(theme, {
      legend: Object.assign(legend(theme), { data: shown.map((s) => s.name) }),
      grid: { left: 34, right: 24, top: 44, bottom: 34, containLabel: true },
      xAxis: axis(theme, { type: 'value', name: data.x_name, nameGap: 28, min: data.x_min, max: data.x_max, splitLine: { show: false } }),
      yAxis: axis(theme, { type: 'value', name: data.y_name, nameGap: 44, scale: true, min: data.y_min, max: data.y_max }),
      tooltip: Object.assign(frame(theme).tooltip, { trigger: 'item',
        formatter: (p) => `${escapeHtml(p.seriesName)}<br>${escapeHtml(data.x_name)} ${escapeHtml(withUnit(p.value[0], ''))}: <b>${escapeHtml(withUnit(p.value[1], data.unit))}</b>${p.value[2] ? `<br>${escapeHtml(p.value[2])}` : ''}` }),
      series: data.series.map((s) => {
        const guide = s.style === 'guide';
        const thin = s.style === 'thin';
        return {
          type: 'line', name: s.name, data: s.points, step: s.step ? 'end' : false,
          symbol: s.symbols ? 'circle' : (thin || guide ? 'none' : 'circle'), symbolSize: s.symbols ? 9 : 5, showSymbol: Boolean(s.symbols),
          silent: thin || guide, z: thin || guide ? 1 : 3, tooltip: { show: !thin && !guide },
          lineStyle: { width: thin || guide ? 1 : 2.4, opacity: thin ? 0.35 : 1, type: s.style === 'dashed' || guide ? 'dashed' : 'solid',
            color: guide ? theme.soft : theme.series[s.colour % theme.series.length] },
          itemStyle: { color: guide ? theme.soft : theme.series[s.colour % theme.series.length] },
        };
      }),
    });
  }

  // A matrix: {x, y, x_name, y_name, values: rows of numbers or null, texts, palette: "counts" | "share", low, high, unit,
  // marks: [{x, y, name}]}. Axes are names, so they begin at the first real value.
  function heat(data, theme, width) {
    const palette = theme[data.palette];
    const cells = [];
    data.values.forEach((row, y) => row.forEach((value, x) => { if (value !== null) cells.push([x, y, value]); }));
    const span = data.high > data.low ? data.high - data.low : 1;
    const narrow = width / (data.x.length + 3) < 30;
    const mark = (x, y) => (data.marks || []).find((m) => m.x === x && m.y === y);
    return frame(theme, {
      grid: { left: 30, right: 16, top: 16, bottom: data.palette === 'share' ? 88 : 44, containLabel: true },
      xAxis: axis(theme, { type: 'category', data: data.x, name: data.x_name, nameGap: 32, splitLine: { show: false }, position: 'bottom',
        axisLabel: { color: theme.ink, interval: data.x.length > 24 ? 'auto' : 0, width: Math.max(34, (width - 140) / data.x.length - 6), overflow: 'truncate' } }),
      yAxis: axis(theme, { type: 'category', data: data.y, name: data.y_name, nameGap: Math.min(110, 18 + 7 * Math.max(...data.y.map((n) => Math.min(12, String(n).length)))),
        inverse: !data.y_up, splitLine: { show: false }, axisLabel: { color: theme.ink, interval: data.y.length > 24 ? 'auto' : 0, width: 84, overflow: 'truncate' } }),
      visualMap: data.palette === 'share' ? { min: data.low, max: data.high, calculable: false, orient: 'horizontal', left: 'center', bottom: 6, itemHeight: 160, itemWidth: 12,
        text: [withUnit(data.high, data.unit), withUnit(data.low, data.unit)], textStyle: { color: theme.soft }, inRange: { color: palette }, seriesIndex: 0, hoverLink: false } : undefined,
      tooltip: Object.assign(frame(theme).tooltip, { formatter: (p) => {
        const [x, y, value] = p.value;
        const found = mark(x, y);
        return `${escapeHtml(data.y_name)}: <b>${escapeHtml(data.y[y])}</b><br>${escapeHtml(data.x_name)}: <b>${escapeHtml(data.x[x])}</b><br>${escapeHtml(data.notes ? data.notes[y][x] : withUnit(value, data.unit))}${found ? `<br>${escapeHtml(found.name)}` : ''}`;
      } }),
      series: [{
        type: 'heatmap',
        data: cells.map(([x, y, value]) => {
          const colour = mix(palette, (value - data.low) / span);
          const found = mark(x, y);
          return { value: [x, y, value],
            itemStyle: { color: colour, borderColor: found ? theme.series[1] : theme.card, borderWidth: found ? 3 : 1 },
            label: { show: !narrow || data.x.length <= 4, color: textOn(colour), fontSize: data.x.length > 12 ? 9 : 12, fontWeight: found ? 700 : 400,
              formatter: () => (data.texts ? data.texts[y][x] : withUnit(value, '')) } };
        }),
      }],
    });
  }

  // Points: {x_name, y_name, log_x, unit_x, unit_y, series: [{name, colour, large, points: [[x, y, name]]}]}.
  function scatter(data, theme) {
    const symbols = ['circle', 'diamond', 'triangle', 'rect'];
    return frame(theme, {
      legend: data.series.length > 1 ? legend(theme) : undefined,
      grid: { left: 34, right: 44, top: data.series.length > 1 ? 44 : 20, bottom: 36, containLabel: true },
      xAxis: axis(theme, { type: data.log_x ? 'log' : 'value', name: data.x_name, nameGap: 28, scale: true, axisLabel: { color: theme.soft, hideOverlap: true,
        formatter: (v) => Number(v).toLocaleString('en') } }),
      yAxis: axis(theme, { type: 'value', name: data.y_name, nameGap: 44, scale: true }),
      tooltip: Object.assign(frame(theme).tooltip, { formatter: (p) =>
        `<b>${escapeHtml(p.value[2] || p.seriesName)}</b><br>${escapeHtml(data.x_name)}: ${escapeHtml(withUnit(p.value[0], ''))}<br>${escapeHtml(data.y_name)}: ${escapeHtml(withUnit(p.value[1], ''))}` }),
      series: data.series.map((s, index) => ({
        type: 'scatter', name: s.name, data: s.points, symbol: symbols[index % symbols.length], symbolSize: s.large ? 17 : 8, z: s.large ? 4 : 2,
        itemStyle: { color: theme.series[index % theme.series.length], opacity: s.large ? 1 : 0.75, borderColor: theme.card, borderWidth: 1 },
      })),
    });
  }

  const kinds = { bars, intervals, lines, heat, scatter };
  const drawn = new Map();   // id -> instance

  // A figure in a closed part has no width yet; it is drawn when the part opens.
  function drawSeen(theme) {
    for (const [id, chart] of Object.entries(charts)) {
      const place = document.getElementById(`chart-${id}`);
      if (!place || !kinds[chart.kind] || drawn.has(id) || place.clientWidth === 0) continue;
      const instance = echarts.init(place, null, { renderer: 'svg' });
      instance.setOption(kinds[chart.kind](chart.data, theme, place.clientWidth));
      if (id === 'class-counts') instance.on('click', (p) => { viewer.show(p.dataIndex, -1); });
      drawn.set(id, instance);
    }
  }

  function drawAgain(theme) {
    for (const instance of drawn.values()) instance.dispose();
    drawn.clear();
    drawSeen(theme);
  }

  const screenTheme = () => (dark.matches ? themes.dark : themes.light);
  let timer = 0;
  let width = window.innerWidth;
  for (const part of document.querySelectorAll('details')) part.addEventListener('toggle', () => drawSeen(screenTheme()));
  dark.addEventListener('change', () => drawAgain(screenTheme()));
  window.addEventListener('beforeprint', () => drawAgain(themes.light));
  window.addEventListener('afterprint', () => drawAgain(screenTheme()));
  window.addEventListener('resize', () => {
    if (window.innerWidth === width) return;  // a phone's address bar came or went
    width = window.innerWidth;
    clearTimeout(timer);
    timer = setTimeout(() => drawAgain(screenTheme()), 150);
  });

  function element(tag, text, more) {
    const made = Object.assign(document.createElement(tag), more);
    if (text) made.textContent = text;
    return made;
  }

  // Test pictures by true class, answer and score: #pictures holds {labels, pictures: [[picture, truth, called, score, path, source]]}.
  const viewer = (function () {
    const held = JSON.parse(document.getElementById('pictures').textContent) || { labels: [], pictures: [] };
    const part = (name) => document.getElementById(`viewer${name}`);
    const step = 48;
    let shown = step;

    // A picture that a gallery of the page holds is not carried twice.
    const inGallery = new Map([...document.querySelectorAll('img[data-picture]')].map((image) => [Number(image.dataset.picture), image.src]));
    const sourceOf = (row) => row[5] || inGallery.get(row[0]) || '';

    function item(row) {
      const figure = element('figure');
      const source = sourceOf(row);
      figure.append(source ? element('img', '', { src: source, alt: row[4], loading: 'lazy' }) : element('span', `${held.labels[row[1]]}: ${row[4].split('/').pop()}`, { className: 'no-picture' }));
      const right = row[1] === row[2];
      const caption = element('figcaption', `${right ? '' : 'called '}${held.labels[row[2]]}, ${Math.round(100 * row[3])} %`);
      if (!right) caption.append(element('br'), `is ${held.labels[row[1]]}`);
      caption.append(element('br'), element('small', row[4]), element('br'), element('button', 'Copy path', { type: 'button', className: 'copy', onclick: (e) => copy(e.target, row[4]) }));
      figure.append(caption);
      const made = element('li');
      made.append(figure);
      return made;
    }

    function fill() {
      const truth = Number(part('-truth').value);
      const called = Number(part('-called').value);
      const low = Number(part('-low').value) / 100;
      const high = Number(part('-high').value) / 100;
      const found = held.pictures.filter((row) => (truth < 0 || row[1] === truth) && (called === -1 || (called === -2 ? row[2] !== row[1] : row[2] === called)) &&
        row[3] >= low - 1e-9 && row[3] <= high + 1e-9);
      found.sort((a, b) => (a[1] === a[2]) - (b[1] === b[2]) || b[3] - a[3]);
      const bare = found.filter((row) => !sourceOf(row)).length;
      part('-count').textContent = `${found.length} test ${found.length === 1 ? 'picture' : 'pictures'}; mistakes first, the most confident answer first` +
        (bare === 0 ? '' : `; ${bare} of them without a small picture, which would make this page too heavy: copy the path to find the file`);
      part('-pictures').replaceChildren(...found.slice(0, shown).map(item));
      part('-more').hidden = found.length <= shown;
    }

    function options(select, first) {
      for (const [value, name] of first) select.append(element('option', name, { value }));
      held.labels.forEach((name, index) => select.append(element('option', name, { value: index })));
    }

    options(part('-truth'), [[-1, 'any class']]);
    options(part('-called'), [[-1, 'any class'], [-2, 'another class']]);
    for (const name of ['-truth', '-called', '-low', '-high']) part(name).addEventListener('input', () => { shown = step; fill(); });
    part('-more').addEventListener('click', () => { shown += step; fill(); });
    part('').addEventListener('click', (event) => { if (event.target === part('')) part('').close(); });

    return {
      show(truth, called) {
        shown = step;
        part('-truth').value = truth;
        part('-called').value = called;
        part('-low').value = 0;
        part('-high').value = 100;
        fill();
        part('').showModal();
      },
      rowOf: (picture) => held.pictures.find((row) => row[0] === picture),
    };
  }());

  // The clipboard is not there on every page that was opened from a folder.
  async function copy(button, text) {
    const before = button.textContent;
    try {
      await navigator.clipboard.writeText(text);
    } catch (error) {
      const field = element('textarea', text);
      button.after(field);
      field.select();
      document.execCommand('copy');
      field.remove();
    }
    button.textContent = 'Copied';
    setTimeout(() => { button.textContent = before; }, 1500);
  }

  for (const button of document.querySelectorAll('[data-copy]')) button.addEventListener('click', () => copy(button, button.dataset.copy));
  for (const button of document.querySelectorAll('[data-pick]')) {
    const [truth, called] = button.dataset.pick.split(',').map((part) => (part === '' ? -1 : Number(part)));
    button.addEventListener('click', () => viewer.show(truth, called));
  }
  for (const image of document.querySelectorAll('img[data-picture]')) {
    image.addEventListener('click', () => {
      const row = viewer.rowOf(Number(image.dataset.picture));
      if (row) viewer.show(row[1], row[2]);
    });
  }

  // An address that names a part opens it.
  function openNamed() {
    const part = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    for (let up = part; up; up = up.parentElement) {
      if (up.tagName === 'DETAILS') up.open = true;
    }
    const own = part && part.querySelector(':scope > details');
    if (own) own.open = true;
    if (part) part.scrollIntoView();
  }
  window.addEventListener('hashchange', openNamed);
  if (location.hash) openNamed();
  drawSeen(screenTheme());
}());
