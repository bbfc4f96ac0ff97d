// The filter above the table: a class or group of classes, values of facets, and words.
// `changed` is called after each change; `fits` says whether an example is left.

const NOT_EXACT = "not exact";
const ALL = "all";

function makeFilter(page, examples, changed) {
  const search = byId("search");
  const kinds = byId("kinds");
  const facets = byId("facets");
  const values = byId("values");
  const conditions = new Map();
  let wanted = [];

  const count = (test) => examples.reduce((sum, example) => sum + (test(example) ? 1 : 0), 0);
  const option = (value, text) => element("option", { value, textContent: text });
  const counted = (value, label, test) => option(value, `${label} (${number(count(test))})`);
  const groupOf = (name) => page.classes[name][0];

  const isKind = {
    [ALL]: () => true,
    [NOT_EXACT]: (example) => example.class !== "exact",
  };
  for (const group of Object.keys(page.groups)) isKind[`group ${group}`] = (e) => groupOf(e.class) === group;
  for (const name of Object.keys(page.classes)) isKind[name] = (e) => e.class === name;

  function fillKinds() {
    kinds.append(counted(ALL, "all", isKind[ALL]), counted(NOT_EXACT, "not exact", isKind[NOT_EXACT]));
    for (const [group, label] of Object.entries(page.groups)) {
      const names = Object.keys(page.classes).filter((name) => groupOf(name) === group && count(isKind[name]));
      if (names.length === 0) continue;
      const part = element("optgroup", { label });
      if (names.length > 1) part.append(counted(`group ${group}`, `any: ${label}`, isKind[`group ${group}`]));
      part.append(...names.map((name) => counted(name, name, isKind[name])));
      kinds.append(part);
    }
    kinds.value = count(isKind[NOT_EXACT]) ? NOT_EXACT : ALL;
  }

  function fillFacets() {
    facets.append(option("", "any slice"), ...page.facets.map(({ name }, i) => option(i, name)));
    facets.parentElement.hidden = page.facets.length === 0;
  }

  function fillValues() {
    const facet = Number(facets.value);
    values.parentElement.hidden = facets.value === "";
    if (values.parentElement.hidden) return;
    const totals = page.facets[facet].values.map((_, code) => [code, 0]);
    examples.forEach((example) => example.codes[facet] >= 0 && (totals[example.codes[facet]][1] += 1));
    const present = totals.filter(([, total]) => total > 0);
    const name = (code) => page.facets[facet].values[code] || "(empty)";
    values.replaceChildren(
      option("", "choose"),
      ...present.map(([code, total]) => option(code, `${name(code)} (${number(total)})`)),
    );
  }

  // One button for each condition; pressing it takes the condition away.
  function showConditions() {
    byId("conditions").replaceChildren(
      ...[...conditions].map(([facet, code]) => {
        const { name, values: known } = page.facets[facet];
        const text = `${name}: ${known[code] || "(empty)"}`;
        const chip = words("button", "condition", text);
        chip.type = "button";
        chip.setAttribute("aria-label", `Remove the condition ${text}`);
        chip.addEventListener("click", () => {
          conditions.delete(facet);
          update();
          facets.focus();
        });
        return chip;
      }),
    );
  }

  function update() {
    wanted = search.value.toLocaleLowerCase().split(/\s+/).filter(Boolean);
    showConditions();
    byId("reset").hidden = !wanted.length && !conditions.size && kinds.value === ALL;
    changed();
  }

  function condition(name, value) {
    const facet = page.facets.findIndex((known) => known.name === name);
    const code = facet < 0 ? -1 : page.facets[facet].values.indexOf(value);
    if (code >= 0) conditions.set(facet, code);
  }

  fillKinds();
  fillFacets();
  let waiting;
  search.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(update, 120);
  });
  kinds.addEventListener("change", update);
  facets.addEventListener("change", fillValues);
  values.addEventListener("change", () => {
    if (values.value === "") return;
    conditions.set(Number(facets.value), Number(values.value));
    facets.value = "";
    fillValues();
    update();
    facets.focus();
  });
  byId("reset").addEventListener("click", () => {
    search.value = "";
    kinds.value = ALL;
    conditions.clear();
    update();
    search.focus();
  });

  return {
    update,
    fits: (example) =>
      isKind[kinds.value](example) &&
      [...conditions].every(([facet, code]) => example.codes[facet] === code) &&
      wanted.every((word) => example.text.includes(word) || example.contextText.includes(word)),
    // What a click on a chart or table asks for replaces what was asked for before.
    choose(asked) {
      search.value = "";
      conditions.clear();
      kinds.value = asked.class ?? ALL;
      condition(asked.facet, asked.value);
      condition(asked.facet2, asked.value2);
      if (asked.class === undefined && examples.some((e) => e.class !== "exact" && this.fits(e))) kinds.value = NOT_EXACT;
      update();
    },
  };
}
