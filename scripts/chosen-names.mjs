/** Which entries of a table a command line names, all of them if it names none. One that is not there is wrong usage. */
export function chosenNames(args, table, kind) {
  const all = Object.keys(table);
  const unknown = args.filter((name) => !all.includes(name));
  if (unknown.length > 0) {
    console.error(`No such ${kind}: ${unknown.join(', ')}. There are: ${all.join(', ')}`);
    process.exit(2);
  }
  return args.length > 0 ? args : all;
}
