// The project's targets, and whether a run met them.

export function targetTable(lines) {
  return ['### Targets', '', '| | measured | |', '| --- | --- | --- |', ...lines, ''].join('\n');
}

export function target(name, value, isMet) {
  return value === undefined || Number.isNaN(value)
    ? `| ${name} | – | not measured |`
    : `| ${name} | ${value.toFixed(2)} | ${isMet(value) ? 'met' : '**not met**'} |`;
}
