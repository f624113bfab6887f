// The content of a config under torture, and the invariants that hold at every moment.
//
// Every writer has its own keys: `set.ID`, `flag.ID` (set and unset in turn), `pair_a.ID` and `pair_b.ID` (always
// equal), `count.ID` and `last.ID` (the number of its increments in the file, and the latest of them). All writers
// increment `total`. The comment at the top and `editor.revision` belong to the editor.

const END = 'seal = "whole"';

/** A config like one that a person wrote, with `fillers` extra lines. */
export function initialText(fillers) {
  const filler = Array.from({ length: fillers }, (_, index) => `filler_${index} = "${'x'.repeat(60)}" # line ${index}`);
  return [
    '# revision 0',
    'total = 0',
    '',
    '[editor]',
    'revision = 0 # keep',
    ...['set', 'pair_a', 'flag', 'count', 'last'].flatMap((name) => ['', `[${name}]`]),
    ...['', '[filler]', ...filler],
    ...['', '[pair_b]', '', '[end]', END, ''],
  ].join('\n');
}

/** The text after an edit by the editor. */
export function revise(text, revision) {
  return text
    .replace(/^# revision \d+$/m, `# revision ${revision}`)
    .replace(/^revision = \d+/m, `revision = ${revision}`);
}

/** Checks the text of a config that began as `initialText`, and returns what is wrong. */
export function findTextFaults(text) {
  const faults = [];
  const comment = /^# revision (\d+)$/m.exec(text)?.[1];
  const revision = /^revision = (\d+) # keep$/m.exec(text)?.[1];
  if (comment === undefined || comment !== revision)
    faults.push(`revision ${comment} in the comment, ${revision} in the key`);
  if (!text.includes(END)) faults.push('the end is missing');
  return faults;
}

/** Checks the invariants of a config, and returns what is wrong. */
export function findFaults(table) {
  const faults = [];
  const { total = 0, pair_a: a = {}, pair_b: b = {}, count = {}, last = {} } = table;
  for (const id of new Set([...Object.keys(a), ...Object.keys(b)])) {
    if (a[id] !== b[id]) faults.push(`the pair of ${id} is ${a[id]} and ${b[id]}`);
  }
  const counted = Object.values(count).reduce((sum, each) => sum + each, 0);
  if (total !== counted) faults.push(`total is ${total}, the counts add up to ${counted}`);
  if (Object.keys(count).join() !== Object.keys(last).join()) faults.push('count and last have different writers');
  return faults;
}

/** The numbers that never decrease, by name. */
export function growingNumbers(table) {
  const numbers = { total: table.total ?? 0, 'editor.revision': table.editor?.revision ?? 0 };
  for (const name of ['set', 'pair_a', 'flag', 'count', 'last']) {
    for (const [id, value] of Object.entries(table[name] ?? {})) numbers[`${name}.${id}`] = value;
  }
  return numbers;
}

/** Compares two states, and returns which numbers decreased or vanished. */
export function findRegressions(earlier, later) {
  return Object.entries(earlier)
    .filter(([name, value]) => (later[name] === undefined ? !name.startsWith('flag.') : later[name] < value))
    .map(([name, value]) => `${name} went from ${value} to ${later[name]}`);
}
