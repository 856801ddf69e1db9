// What the clipboard of Word, WPS, Excel and browsers holds becomes the lines that a clerk would have typed.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { lines } from "../../static/staff/paste.js";
import { page } from "./page.mjs";

const held = (name) => page(readFileSync(new URL(`clipboard/${name}.html`, import.meta.url), "utf8"));
const told = (html, into) => lines(page(html), into);

test("Word: heading, paragraphs, numbered and dotted points, a table with merged cells", () => {
  assert.deepEqual(lines(held("word")).text.split("\n"), [
    "# 2026年冬季消防安全检查", "为做好冬季火灾防控，请各位居民配合入户检查。", "1. 用燃气时开窗通风，人离火灭。", "2. 电动自行车不进楼道。",
    "- 充电请到小区集中充电棚。", "- 检查人员佩戴工作证。", "# 一、检查安排", "社区\t检查 日期\t户数", "东街社区\t11月25日\t312", "\t11月26日\t98",
    "合计\t\t410", "咨询电话：0825-×××××××"]);
});

test("Word: hidden words stay away, and that is said", () => {
  const { text, said } = lines(held("word"));
  assert.ok(!text.includes("内部"));
  assert.equal(said, "有 1 处隐藏的文字，没有粘贴。");
});

test("WPS: list paragraphs that are called normal, symbols of a private font, an empty last cell", () => {
  assert.deepEqual(lines(held("wps")).text.split("\n"), [
    "# 参保登记", "1. 带身份证和户口簿原件；", "2. 到2号窗口取号。", "- 不收费", "档次\t个人缴费", "一档\t200", "二档\t"]);
});

test("Excel: hidden rows and columns are left out and said, merged values stand once, line breaks in cells become blanks", () => {
  const { text, said } = lines(held("excel"), "table");
  assert.deepEqual(text.split("\n"), [
    "项目\t本季\t本年累计\t备注", "环境整治\t12,850.50\t1234567.89\t含清运费 不含人工", "居民活动\t-300.00\t4,100.00\t", "合计\t12,550.50\t\t"]);
  assert.equal(said, "有 1 行是隐藏的，没有粘贴。有 1 列是隐藏的，没有粘贴。"
    + "“2026年三季度社区收支表”横跨整张表，没有粘进表格，请写到标题、单位或注里。");
});

test("Excel into a notice: the line over the whole table is a heading above it", () => {
  assert.equal(lines(held("excel")).text.split("\n")[0], "# 2026年三季度社区收支表");
});

test("a web page: nested lists, a line break, a bar that is no table, pictures said", () => {
  const { text, said } = lines(held("web"));
  assert.deepEqual(text.split("\n"), ["# 办理流程", "1. 到窗口取号", "2. 交材料", "材料不全的一次告知。", "- 身份证", "- 户口簿", "3. 领结果",
    "详见通知公告 ｜ 首页", "工作日8:30—12:00", "只有一列的排版表"]);
  assert.equal(said, "有 1 处隐藏的文字，没有粘贴。有 1 张图片没有粘贴，请另外上传。");
});

test("a word out of a sentence stays a word", () => {
  assert.deepEqual(told('<meta charset="utf-8"><span style="color:red">通知</span>'), { text: "通知", said: "" });
});

test("a page without a table is nothing for a sheet: the browser pastes its words", () => {
  assert.deepEqual(told("<p>通知</p>", "table"), { text: "", said: "" });
});

test("words beside a table are said when only the table goes in", () => {
  const { text, said } = told("<p>各社区户数如下。</p><table><tr><td>社区</td><td>户数</td></tr><tr><td>东街</td><td>1</td></tr></table>", "table");
  assert.equal(text, "社区\t户数\n东街\t1");
  assert.equal(said, "表格以外的文字没有粘贴：各社区户数如下。");
});

test("two tables into one sheet are said", () => {
  const one = "<table><tr><td>社区</td><td>户数</td></tr><tr><td>东街</td><td>1</td></tr></table>";
  assert.equal(told(one + one, "table").said, "有 2 张表格，接成了一张，请看看表头。");
});

test("merged cells down and across keep the columns in line", () => {
  const { text } = told("<table><tr><td rowspan=2>社区</td><td colspan=2>户数</td></tr><tr><td>总数</td><td>已查</td></tr>"
    + "<tr><td>东街</td><td>3</td><td>2</td></tr></table>", "table");
  assert.equal(text, "社区\t户数\t\n\t总数\t已查\n东街\t3\t2");
});

test("a cell that spans a thousand rows and columns more than there are does no harm", () => {
  const { text } = told("<table><tr><td rowspan=99999 colspan=2>甲</td><td>乙</td></tr><tr><td>丙</td></tr></table>", "table");
  assert.equal(text, "甲\t\t乙\n\t\t丙");
});

test("rows and columns that say nothing fall away", () => {
  const { text } = told("<table><tr><td>甲</td><td>乙</td><td></td></tr><tr><td></td><td>&nbsp;</td></tr><tr><td>1</td><td>2</td></tr></table>", "table");
  assert.equal(text, "甲\t乙\n1\t2");
});

test("a table within a cell is the cell's words", () => {
  const { text } = told("<table><tr><td>甲</td><td><table><tr><td>乙</td><td>丙</td></tr></table></td></tr></table>", "table");
  assert.equal(text, "甲\t乙 丙");
});

test("one column into a sheet stays one column", () => {
  assert.equal(told("<table><tr><td>社区</td></tr><tr><td>东街</td></tr></table>", "table").text, "|社区|\n|东街|");
});

test("a cell that begins with a quotation mark is read again as it is", () => {
  assert.equal(told('<table><tr><td>"甲"</td><td>乙</td></tr></table>', "table").text, '"""甲"""\t乙');
});

test("a long heading is a paragraph", () => {
  assert.equal(told(`<h1>${"长".repeat(41)}</h1>`).text, "长".repeat(41));
});

test("Word's titles and outline levels are headings too", () => {
  assert.equal(told("<p class=MsoTitle>通知</p><p class=MsoNormal style='mso-outline-level:2'>一、总则</p>").text, "# 通知\n# 一、总则");
});

test("an official text's numbers stay with their words", () => {
  const mark = (text) => `<![if !supportLists]><span><span style='mso-list:Ignore'>${text}<span>&nbsp;</span></span></span><![endif]>`;
  assert.equal(told(`<p class=MsoListParagraph style='mso-list:l0 level1 lfo1'>${mark("（一）")}加强领导。</p>`).text, "（一）加强领导。");
});

test("marks of direction and zero width are gone, script and style say nothing", () => {
  assert.equal(told("<style>p{}</style><p>东\u200b街\u202e社区</p><script>alert(1)</script>").text, "东街社区");
});

test("sentences in another language are used where the page brings them", () => {
  assert.equal(lines(page("<p>a</p><img>"), "notice", { images: "{n} pictures left out." }).said, "1 pictures left out.");
});

test("five thousand rows are read in a second", () => {
  const sheet = page(`<table>${"<tr><td>东街社区</td><td>1,234.50</td><td>已查</td></tr>".repeat(5000)}</table>`);
  const start = process.cpuUsage();
  const { text } = lines(sheet, "table");
  assert.equal(text.split("\n").length, 5000);
  assert.ok(process.cpuUsage(start).user < 1_500_000);
});
