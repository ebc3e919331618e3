// A row in each of the forms that can be pasted: what the control plane's `seed` reads.

/** `{JSON, YAML, CSV}`: this one row as text. */
export function examplesOf(row) {
  return { JSON: json(row), YAML: yaml(row), CSV: csv(row) };
}

function json(row) {
  const members = Object.entries(row).map(([name, value]) => `"${name}": ${JSON.stringify(value)}`);
  return `[\n  {${members.join(", ")}}\n]`;
}

/** Values are written as in JSON, which YAML reads too: nothing is taken for a number or a date that is a text. */
function yaml(row) {
  return Object.entries(row).map(([name, value], at) => `${at ? "  " : "- "}${name}: ${JSON.stringify(value)}`).join("\n");
}

function csv(row) {
  const cells = flat(row);
  return [cells.map(([name]) => cell(name)).join(","), cells.map(([, value]) => cell(value)).join(",")].join("\n");
}

/** Dots lead into objects; a list is one cell, with semicolons. */
function flat(row, before = "") {
  return Object.entries(row).flatMap(([name, value]) => {
    if (Array.isArray(value)) return [[before + name, value.join(";")]];
    return value !== null && typeof value === "object" ? flat(value, `${before}${name}.`) : [[before + name, String(value ?? "")]];
  });
}

const cell = (text) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
