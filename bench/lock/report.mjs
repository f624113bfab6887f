// What was measured, as a table in Markdown and as the charts of a picture; and what is asked of it.

import { format } from '../plot.mjs';
import { target, targetTable } from '../targets.mjs';

/** `results` is what run.mjs gathers. */
export function tables(results) {
  const { uncontended, contended, handOver, waitMs } = results;
  const lines = [
    '### Uncontended, one process, per second',
    '',
    '| | median | through zjj |',
    '| --- | --- | --- |',
    ...uncontended.map(({ name, perSecond, ratio }) => `| ${name} | ${format(perSecond)} | ${format(ratio)} |`),
    '',
  ];
  for (const { holdMs, sizes } of contended) {
    lines.push(
      `### Processes that contend, ${holdMs} ms hold: acquisitions per second / longest wait in ms / spread`,
      '',
    );
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
  lines.push('### From the release in one process to the callback in another, in µs', '');
  lines.push('| | median | p99 |', '| --- | --- | --- |');
  for (const { name, medianUs, p99Us } of handOver) lines.push(`| ${name} | ${format(medianUs)} | ${format(p99Us)} |`);
  lines.push('', `A process that waits for 10 s uses ${format(waitMs)} ms of processor time.`, '');
  return lines.join('\n');
}

export function charts({ uncontended, contended, handOver }) {
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
      title: 'From release to callback in another process, median, µs (less is better)',
      groups: [{ name: '', bars: handOver.map(({ name, medianUs }) => [name, medianUs]) }],
    },
  ];
}

/** What the project asks of its lock, and whether it is so in this run. */
export function targets({ uncontended, contended, handOver, waitMs }) {
  const row = (name) => uncontended.find((each) => each.name === name);
  const lines = [
    target('async call through the fastest peer’s, at least 6', row('zjj').throughFastestPeer, (value) => value >= 6),
    target(
      'lockSync through C’s open + flock + close, at least 0.3',
      row('zjj lockSync').throughC,
      (value) => value >= 0.3,
    ),
  ];
  for (const { holdMs, sizes } of contended) {
    for (const { processes, libraries } of sizes) {
      const [own, ...others] = libraries.filter(({ name }) => name !== 'C program');
      const where = `${processes} processes, ${holdMs} ms hold`;
      const most = Math.max(...others.map(({ perSecond }) => perSecond));
      const shortest = Math.min(...others.map(({ longestWaitMs }) => longestWaitMs));
      lines.push(
        target(`${where}: acquisitions through the best peer’s, above 1`, own.perSecond / most, (value) => value > 1),
        target(
          `${where}: longest wait through the best peer’s, at most 1`,
          own.longestWaitMs / shortest,
          (value) => value <= 1,
        ),
      );
      if (holdMs === 1 && processes === 8) {
        lines.push(
          target(
            `${where}: turns of the busiest through the least busy, at most 1.2`,
            own.spread,
            (value) => value <= 1.2,
          ),
        );
      }
    }
  }
  const [own, ...others] = handOver;
  for (const [name, key] of [
    ['median', 'medianUs'],
    ['p99', 'p99Us'],
  ]) {
    const best = Math.min(...others.map((each) => each[key]));
    lines.push(target(`hand-over, ${name} through the best peer’s, below 1`, own[key] / best, (value) => value < 1));
  }
  lines.push(target('processor time of a wait of 10 s in ms, below 5', waitMs, (value) => value < 5));
  return targetTable(lines);
}
