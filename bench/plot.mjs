// Horizontal bar charts as SVG. The scale is logarithmic: the fastest is a thousand times faster than the slowest.

const WIDTH = 860;
const LABEL = 190;
const ROW = 18;
const GAP = 12;
const COLOURS = { zjj: '#1a7f37', 'C program': '#8c959f' };
const OTHERS = ['#0969da', '#8250df', '#bf3989', '#bc4c00', '#9a6700'];

/**
 * Draws several charts into one picture.
 *
 * @param name - The title of the picture, for screen readers.
 * @param charts - Each has a `title` with the unit, and `groups` with a `name` and `bars`: [series, value]. A bar
 *   without a value is left out.
 */
export function plot(name, charts) {
  const series = [...new Set(charts.flatMap(({ groups }) => groups.flatMap(({ bars }) => bars.map(([name]) => name))))];
  const others = series.filter((name) => !(name in COLOURS));
  const colourOf = (name) => COLOURS[name] ?? OTHERS[others.indexOf(name) % OTHERS.length];
  let y = 10;
  const parts = [];
  for (const chart of charts) {
    parts.push(text(10, y + 14, chart.title, 'font-weight="600"'));
    y += 28;
    const values = chart.groups.flatMap(({ bars }) => bars.map(([, value]) => value)).filter((value) => value > 0);
    const [least, most] = [Math.min(...values) / 2, Math.max(...values)];
    const scale = (value) => ((WIDTH - LABEL - 90) * Math.log(value / least)) / Math.log(most / least);
    for (const { name, bars } of chart.groups) {
      if (name !== '') {
        parts.push(text(10, y + 12, name, 'fill="#57606a"'));
        y += ROW;
      }
      for (const [bar, value] of bars) {
        if (!(value > 0)) continue;
        parts.push(
          text(LABEL - 8, y + 12, bar, 'text-anchor="end"'),
          `<rect x="${LABEL}" y="${y + 2}" width="${scale(value).toFixed(1)}" height="${ROW - 5}" fill="${colourOf(bar)}"/>`,
          text(LABEL + scale(value) + 5, y + 12, format(value), 'fill="#57606a"'),
        );
        y += ROW;
      }
      y += GAP / 2;
    }
    y += GAP;
  }
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y}" width="${WIDTH}" height="${y}" font-family="sans-serif" font-size="12">`,
    `<title>${name}</title>`,
    `<rect width="${WIDTH}" height="${y}" fill="#ffffff"/>`,
    ...parts,
    '</svg>',
    '',
  ].join('\n');
}

/** Formats a figure with three significant digits; more would mean nothing. */
export function format(value) {
  if (value === undefined) return '–';
  if (value >= 100) return Math.round(value).toLocaleString('en');
  return value.toPrecision(3);
}

function text(x, y, content, attributes) {
  const escaped = content.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return `<text x="${typeof x === 'number' ? x.toFixed(1) : x}" y="${y}" ${attributes}>${escaped}</text>`;
}
