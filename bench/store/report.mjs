// The results as Markdown tables and as charts, and the targets.

import { format } from '../plot.mjs';
import { target, targetTable } from '../targets.mjs';

/** Formats the results that run.mjs collects. */
export function tables({ sequential, concurrent, large, reads, manyWriters, kept }) {
  return [
    '### Sequential sets, one process',
    '',
    '| | per second | relative to C | event loop busy |',
    '| --- | --- | --- | --- |',
    ...sequential.map(
      ({ name, perSecond, ratioToC, busy }) =>
        `| ${name} | ${format(perSecond)} | ${format(ratioToC)} | ${Number.isNaN(busy) || busy === undefined ? '–' : `${Math.round(busy * 100)} %`} |`,
    ),
    '',
    '### Several processes, one file',
    '',
    `${manyWriters.processes} zjj processes: ${format(manyWriters.perSecond)} durable sets per second,`,
    `mean wait ${format(manyWriters.meanMs)} ms, longest ${format(manyWriters.longestMs)} ms.`,
    `The C program: ${format(manyWriters.c)} per second.`,
    '',
    '| | processes × keys | kept (worst round) | failed calls | kept per second |',
    '| --- | --- | --- | --- | --- |',
    ...kept.map(
      ({ name, processes, keys, kept, failed, keptPerSecond }) =>
        `| ${name} | ${processes} × ${keys} | ${kept} of ${processes * keys} | ${failed} | ${format(keptPerSecond)} |`,
    ),
    '',
    '### One process, many keys',
    '',
    `${concurrent.count.toLocaleString('en')} concurrent sets: ${format(concurrent.perSecond)} per second.`,
    '',
    `A file of 10,000 keys: ${format(large.parseMs)} ms to read and parse, ${format(large.setMs)} ms to set one key.`,
    '',
    `Reads of one value of an unchanged file, per second: zjj ${format(reads.sync)}, zjj awaited ${format(reads.async)}, conf ${format(reads.peer)}.`,
    '',
  ].join('\n');
}

export function charts({ sequential, kept }) {
  const sizes = [...new Set(kept.map(({ processes, keys }) => `${processes} processes × ${keys} keys`))];
  const ofSizes = (value) =>
    sizes.map((size) => ({
      name: size,
      bars: kept
        .filter(({ processes, keys }) => `${processes} processes × ${keys} keys` === size)
        .map((row) => [row.name, value(row)]),
    }));
  return [
    {
      title: 'Sequential sets per second (more is better)',
      groups: [{ name: '', bars: sequential.map(({ name, perSecond }) => [name, perSecond]) }],
    },
    { title: 'Writes kept, worst round (more is better)', groups: ofSizes((row) => row.kept) },
    { title: 'Writes kept per second (more is better)', groups: ofSizes((row) => row.keptPerSecond) },
  ];
}

/** The project's targets for the store, and whether this run met them. */
export function targets({ sequential, concurrent, large, reads, manyWriters, kept }) {
  const ratioToC = (name) => sequential.find((each) => each.name === name).ratioToC;
  const own = kept.filter(({ name }) => name === 'zjj');
  const lost = own.reduce((sum, { processes, keys, kept }) => sum + processes * keys - kept, 0);
  return targetTable([
    target('sequential durable sets relative to C, at least 0.7', ratioToC('zjj'), (value) => value >= 0.7),
    target('the same, synchronous form', ratioToC('zjj, sync'), (value) => value >= 0.7),
    target('concurrent sets per second, at least 10,000', concurrent.perSecond, (value) => value >= 10_000),
    target('8 processes relative to C, at least 0.6', manyWriters.ratioToC, (value) => value >= 0.6),
    target(
      '8 processes: longest wait relative to the mean, at most 10',
      manyWriters.longestToMean,
      (value) => value <= 10,
    ),
    target('a set in a file of 10,000 keys relative to its parse, at most 2.5', large.ratio, (value) => value <= 2.5),
    target('reads of an unchanged file relative to conf, at least 1', reads.sync / reads.peer, (value) => value >= 1),
    target('the same, awaited', reads.async / reads.peer, (value) => value >= 1),
    target('writes lost', lost, (value) => value === 0),
  ]);
}
