// What the project asks of a figure, and whether it was so.

export function targetTable(lines) {
  return ['### What is asked, and was measured', '', '| | measured | |', '| --- | --- | --- |', ...lines, ''].join(
    '\n',
  );
}

export function target(name, value, isMet) {
  return value === undefined || Number.isNaN(value)
    ? `| ${name} | – | not measured |`
    : `| ${name} | ${value.toFixed(2)} | ${isMet(value) ? 'met' : '**not met**'} |`;
}
