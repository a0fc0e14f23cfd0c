/* The theme's search finds what begins with the letters that were typed. This adds the other forms of
   a word: `policies` finds `policy`, `Abschaltungen` finds `Abschaltung`. The index keeps words whole;
   a word's other forms are those words of the index that have its stem, accents aside. */
(() => {
  "use strict";

  const theme = new URL(location.href).searchParams.get("theme") ?? "";
  const SETUP = 0;
  let language;
  let formsByStem;

  /* Before the theme's own listener, which builds the index of this language. */
  addEventListener("message", ({ data }) => {
    if (data.type === SETUP) language = data.data.config.lang[0];
  });
  if (!/^search\.[0-9a-f]+\.min\.js$/.test(theme)) throw new TypeError(`no search of the theme: ${theme}`);
  importScripts(theme);
  /* The theme's successor searches with an engine of its own. */
  if (typeof lunr === "undefined") return;

  const bare = (word) => word.normalize("NFD").replace(/\p{M}/gu, "");

  /* With its accents and without them, for who types none. */
  const stems = (word) => {
    const stemmer = language === "en" ? lunr.stemmer : lunr[language].stemmer;
    const stem = (form) => bare(stemmer(new lunr.Token(form, {})).toString());
    return new Set([stem(word), stem(bare(word))]);
  };

  const groupedByStem = (words) => {
    const groups = new Map();
    for (const word of words)
      for (const stem of stems(word)) groups.set(stem, [...groups.get(stem) ?? [], word]);
    return groups;
  };

  const otherForms = (index, typed) => {
    formsByStem ??= groupedByStem(Object.keys(index.invertedIndex));
    const forms = new Set([...stems(typed)].flatMap((stem) => formsByStem.get(stem) ?? []));
    return [...forms].filter((form) => !form.startsWith(typed));
  };

  const query = lunr.Index.prototype.query;
  lunr.Index.prototype.query = function (build) {
    const index = this;
    const asked = new Map();
    const results = query.call(index, function () {
      build.call(this, this);
      for (const clause of [...this.clauses]) {
        /* Words in quotation marks are meant as they are. */
        if (clause.presence !== lunr.Query.presence.OPTIONAL) continue;
        const typed = clause.term.replace(/^\*|\*$/g, "");
        const forms = otherForms(index, typed);
        for (const term of forms) this.clause({ term, fields: clause.fields, usePipeline: false });
        if (forms.length) asked.set(typed, forms);
      }
    });
    /* The theme calls a word missing from a result whose metadata do not name it. */
    for (const { matchData } of results)
      for (const [typed, forms] of asked)
        if (forms.some((form) => form in matchData.metadata)) matchData.metadata[typed] ??= {};
    return results;
  };
})();
