// The results as Markdown tables and as charts, and the targets.

import { format } from '../plot.mjs';
import { target, targetTable } from '../targets.mjs';

/** Formats the results that run.mjs collects. */
export function tables(results) {
  const { uncontended, contended, handoff, waitMs } = results;
  const lines = [
    '### Uncontended, one process, per second',
    '',
    '| | median | relative to zjj |',
    '| --- | --- | --- |',
    ...uncontended.map(({ name, perSecond, ratio }) => `| ${name} | ${format(perSecond)} | ${format(ratio)} |`),
    '',
  ];
  for (const { holdMs, sizes } of contended) {
    lines.push(`### Contended, ${holdMs} ms hold: acquisitions per second / longest wait in ms / spread`, '');
    const names = sizes[0].libraries.map(({ name }) => name);
    lines.push(`| processes | ${names.join(' | ')} |`, `|${' --- |'.repeat(names.length + 1)}`);
    for (const { processes, libraries } of sizes) {
      const cells = libraries.map(
        ({ perSecond, longestWaitMs, spread }) =>
          `${format(perSecond)} / ${format(longestWaitMs)} / ${spread.toFixed(2)}`,
      );
      lines.push(`| ${processes} | ${cells.join(' | ')} |`);
    }
    lines.push('');
  }
  lines.push('### Handoff: from the release in one process to the callback in another, in µs', '');
  lines.push('| | median | p99 |', '| --- | --- | --- |');
  for (const { name, medianUs, p99Us } of handoff) lines.push(`| ${name} | ${format(medianUs)} | ${format(p99Us)} |`);
  lines.push('', `A process that waits for 10 s uses ${format(waitMs)} ms of CPU time.`, '');
  return lines.join('\n');
}

export function charts({ uncontended, contended, handoff }) {
  const ofSizes = (value) => (sizes) =>
    sizes.map(({ processes, libraries }) => ({
      name: `${processes} processes`,
      bars: libraries.map((library) => [library.name, value(library)]),
    }));
  return [
    {
      title: 'Uncontended lock and release, per second (more is better)',
      groups: [{ name: '', bars: uncontended.map(({ name, perSecond }) => [name, perSecond]) }],
    },
    ...contended.flatMap(({ holdMs, sizes }) => [
      {
        title: `Acquisitions per second of all processes, ${holdMs} ms hold (more is better)`,
        groups: ofSizes((library) => library.perSecond)(sizes),
      },
      {
        title: `Longest wait, ms, ${holdMs} ms hold (less is better)`,
        groups: ofSizes((library) => library.longestWaitMs)(sizes),
      },
    ]),
    {
      title: 'Handoff: from the release to the callback in another process, median, µs (less is better)',
      groups: [{ name: '', bars: handoff.map(({ name, medianUs }) => [name, medianUs]) }],
    },
  ];
}

/** The project's targets for the lock, and whether this run met them. */
export function targets({ uncontended, contended, handoff, waitMs }) {
  const row = (name) => uncontended.find((each) => each.name === name);
  const lines = [
    target(
      'async calls relative to the fastest peer, at least 6',
      row('zjj').ratioToFastestPeer,
      (value) => value >= 6,
    ),
    target(
      'lockSync relative to open + flock + close in C, at least 0.3',
      row('zjj lockSync').ratioToC,
      (value) => value >= 0.3,
    ),
  ];
  for (const { holdMs, sizes } of contended) {
    for (const { processes, libraries } of sizes) {
      const [zjj, ...peers] = libraries.filter(({ name }) => name !== 'C program');
      const where = `${processes} processes, ${holdMs} ms hold`;
      const most = Math.max(...peers.map(({ perSecond }) => perSecond));
      const shortest = Math.min(...peers.map(({ longestWaitMs }) => longestWaitMs));
      lines.push(
        target(`${where}: acquisitions relative to the best peer, above 1`, zjj.perSecond / most, (value) => value > 1),
        target(
          `${where}: longest wait relative to the best peer, at most 1`,
          zjj.longestWaitMs / shortest,
          (value) => value <= 1,
        ),
      );
      if (holdMs === 1 && processes === 8) {
        lines.push(
          target(
            `${where}: turns of the busiest process relative to the least busy, at most 1.2`,
            zjj.spread,
            (value) => value <= 1.2,
          ),
        );
      }
    }
  }
  const [zjj, ...peers] = handoff;
  for (const [name, key] of [
    ['median', 'medianUs'],
    ['p99', 'p99Us'],
  ]) {
    const best = Math.min(...peers.map((each) => each[key]));
    lines.push(target(`handoff: ${name} relative to the best peer, below 1`, zjj[key] / best, (value) => value < 1));
  }
  lines.push(target('CPU time of a wait of 10 s, in ms, below 5', waitMs, (value) => value < 5));
  return targetTable(lines);
}
