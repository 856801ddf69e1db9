// Just enough of an HTML parser for clipboard fixtures that close their elements: nodes as static/staff/paste.js asks for them.
const VOID = new Set(["meta", "link", "br", "img", "col", "hr", "input"]);
const RAW = new Set(["style", "script", "title"]);
const NAMED = { nbsp: "\u00a0", amp: "&", lt: "<", gt: ">", quot: '"' };

class Node {
  constructor(type, name, value = null, attributes = {}) {
    Object.assign(this, { nodeType: type, nodeName: name, nodeValue: value, childNodes: [], attributes });
  }

  getAttribute(name) { return this.attributes[name] ?? null; }
}

/** A document of this HTML. */
export function page(html) {
  const root = new Node(9, "#document");
  const open = [root];
  const token = /<!--[\s\S]*?-->|<!\[[^\]]*\]>|<!doctype[^>]*>|<\/([a-z][\w:]*)\s*>|<([a-z][\w:]*)((?:\s+[\w:-]+(?:\s*=\s*(?:"[^"]*"|'[^']*'|[^\s>]+))?)*)\s*\/?>|[^<]+/gi;
  for (const [text, end, start, told] of html.matchAll(token)) {
    if (end) {
      const at = open.findLastIndex((each) => each.nodeName === end.toUpperCase());
      if (at > 0) open.length = at;
    } else if (start) {
      const made = new Node(1, start.toUpperCase(), null, attributes(told));
      open.at(-1).childNodes.push(made);
      if (!VOID.has(start.toLowerCase()) && !text.endsWith("/>")) open.push(made);
    } else if (!text.startsWith("<!")) {
      if (!RAW.has(open.at(-1).nodeName.toLowerCase())) open.at(-1).childNodes.push(new Node(3, "#text", decoded(text)));
    }
  }
  return root;
}

function attributes(told) {
  const found = told.matchAll(/([\w:-]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]+)))?/g);
  return Object.fromEntries([...found].map(([, name, one, two, three]) => [name.toLowerCase(), decoded(one ?? two ?? three ?? "")]));
}

function decoded(text) {
  return text.replace(/&(?:#(\d+)|(\w+));/g, (all, code, name) => (code ? String.fromCodePoint(Number(code)) : NAMED[name] ?? all));
}
