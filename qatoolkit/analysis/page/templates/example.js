// One example in full: the question, both answers in their whole context, the other candidates.

// Rows as `data.py` packs them, one object for each, in the order of the file.
function readExamples(page) {
  const examples = [];
  for (const [title, context, rows] of page.contexts) {
    const contextText = context.toLocaleLowerCase();
    for (const row of rows) {
      const [index, id, origin, question, answers, predicted, name, f1, score] = row;
      const [candidates, rank, reason, dropped, codes, marks, other] = row.slice(9);
      const said = [id, origin, title, question, ...answers, predicted ?? "", reason, dropped];
      if (page.cut) said.push(...marks.map(([text]) => text));
      const annotated = answers.length ? answers.join(" / ") : "no answer";
      const prediction = predicted === null ? "no prediction" : predicted || "no answer";
      const text = said.join("\n").toLocaleLowerCase();
      examples.push({
        index, id, origin, title, context, contextText, question, answers, annotated, predicted, prediction,
        class: name, f1, score, candidates, rank, reason, dropped, codes, marks, other, text,
      }); // prettier-ignore
    }
  }
  return examples.sort((one, other) => one.index - other.index);
}

// The context in pieces, each with the answer it belongs to. Spans count code points.
function pieces(page, example) {
  if (page.cut) return example.marks;
  const points = Array.from(example.context);
  const [annotated, predicted] = example.marks;
  const inside = (place, [start, end]) => start <= place && place < end;
  const edges = [...new Set([0, ...annotated, ...predicted, points.length])].sort((a, b) => a - b);
  return edges.slice(0, -1).map((start, i) => {
    const [a, p] = [inside(start, annotated), inside(start, predicted)];
    return [points.slice(start, edges[i + 1]).join(""), a && p ? "both" : a ? "annotated" : p ? "predicted" : ""];
  });
}

function contextNode(page, example) {
  const shown = words("p", "context", "");
  for (const [text, kind] of pieces(page, example)) {
    if (kind === "cut") shown.append(element("span", { className: "cut", textContent: " … " }));
    else if (kind) shown.append(element("mark", { className: kind, textContent: text }));
    else shown.append(text);
  }
  return shown;
}

function answersNode(example) {
  const list = element("dl", { className: "answers" });
  const said = (className, texts, none) =>
    texts.length ? texts.map((text) => words("dd", className, text)) : [element("dd", { className: "nothing", textContent: none })];
  list.append(
    element("div", {}, element("dt", { textContent: "annotated" }), ...said("annotated", example.answers, "no answer")),
    element(
      "div", {}, element("dt", { textContent: "predicted" }),
      ...said("predicted", example.predicted ? [example.predicted] : [], example.prediction),
    ),
  );
  if (example.other !== null) {
    const other = said("", example.other ? [example.other] : [], "no answer");
    list.append(element("div", {}, element("dt", { textContent: "the other" }), ...other));
  }
  return list;
}

function candidatesNode(example) {
  const table = element("table", { className: "candidates" });
  const head = element("tr", {}, ...["candidate", "score"].map((text) => element("th", { scope: "col", textContent: text })));
  table.append(element("thead", {}, head));
  const body = element("tbody");
  for (const [text, score] of example.candidates) {
    const bar = element("meter", { min: 0, max: 1, value: score, ariaHidden: "true" });
    const name = text ? words("td", "", text) : element("td", { className: "nothing", textContent: "no answer" });
    body.append(element("tr", {}, name, element("td", { className: "n" }, bar, `${(100 * score).toFixed(1)}%`)));
  }
  table.append(body);
  return table;
}

function facetsNode(page, example) {
  const list = element("p", { className: "facets" });
  example.codes.forEach((code, facet) => {
    if (code < 0) return;
    const { name, values } = page.facets[facet];
    list.append(words("span", "", `${name}: ${values[code] || "(empty)"}`));
  });
  return list;
}

function exampleNode(page, example) {
  const [group, meaning] = page.classes[example.class];
  const article = element("article", { className: "example" });
  const facts = element("p", { className: "facts" });
  facts.append(element("span", { className: `dot ${group}` }), element("b", { textContent: example.class }));
  facts.append(` F1 ${example.f1.toFixed(0)}`);
  if (example.score !== null) facts.append(` · confidence ${(100 * example.score).toFixed(0)}%`);
  if (example.rank > 0) facts.append(` · the annotated answer is candidate ${example.rank + 1}`);
  article.append(facts, words("h3", "question", example.question));
  if (example.origin) article.append(words("p", "source", example.origin));
  article.append(words("p", "meaning", example.reason || meaning));
  if (example.dropped) article.append(words("p", "note", `Right only because normalising dropped: ${example.dropped}`));
  article.append(answersNode(example), contextNode(page, example));
  if (example.candidates.length) article.append(candidatesNode(example));
  article.append(facetsNode(page, example), words("p", "source", `id ${example.id}`));
  return article;
}
