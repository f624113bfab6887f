/**
 * The entries of a table that a command line names; all of them if it names none. Exits with status 2 on a name that
 * the table does not have.
 */
export function chosenNames(args, table, kind) {
  const all = Object.keys(table);
  const unknown = args.filter((name) => !all.includes(name));
  if (unknown.length > 0) {
    console.error(`No such ${kind}: ${unknown.join(', ')}. Choose from: ${all.join(', ')}`);
    process.exit(2);
  }
  return args.length > 0 ? args : all;
}
