"""Files go up from the clerk's own page: ten at once, bad ones beside a good one, and one that was cut in the middle."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect

from tests.support import papers
from tests.support.office import Office, edition_of, staff, until, wall

pytestmark = [pytest.mark.journey, pytest.mark.office]
CONVERTED = 180_000  # milliseconds that a whole batch may take on a busy machine


def ten(folder: Path) -> dict[Path, int]:
    """What a clerk has lying about, each with the pages it becomes."""
    return {
        papers.pdf(folder / "办事指南二十页.pdf", 20): 20,
        papers.slides(folder / "医保办事流程.pptx"): 3,
        papers.word(folder / "高龄津贴申请.docx", 2): 2,
        papers.sheet(folder / "三季度支出.xlsx"): 1,
        papers.photo(folder / "义诊现场.jpg", turned=6): 1,
        papers.photo(folder / "办事大厅导览.png", (3840, 2160), compress_level=1): 1,
        papers.photo(folder / "志愿服务.webp"): 1,
        papers.photo(folder / "手机照片.heic"): 1,
        papers.photo(folder / "扫描件.tiff"): 1,
        papers.film(folder / "防汛演练.mp4", "-c:v", "libx264", sound=False): 1,
    }


def send(clerk: Page, office: Office, files: Iterable[Path]) -> None:
    clerk.goto(f"{office.url}/staff/content/upload")
    clerk.locator("#file").set_input_files([str(each) for each in files])


def row(clerk: Page, file: Path) -> Locator:
    """The file's line on the upload page."""
    return clerk.locator("#files > li").filter(has=clerk.locator(".name", has_text=re.compile(f"^{re.escape(file.name)}$")))


def ended(clerk: Page, count: int) -> None:
    """All of them are done or refused."""
    over = clerk.locator("#files > li[data-state=done], #files > li[data-state=failed]")
    expect(over).to_have_count(count, timeout=CONVERTED)
    expect(clerk.locator("#files > li")).to_have_count(count)


def approve(leader: Page, office: Office, title: str) -> None:
    leader.goto(f"{office.url}/staff/review")
    leader.get_by_role("link", name=title, exact=True).click()
    leader.get_by_role("button", name="批准上屏").click()
    expect(leader.get_by_text(f"“{title}”已批准上屏。")).to_be_visible()


def test_ten_files_go_up_at_once_and_hang_in_the_hall_once_the_leader_agrees(office: Office, browser: Browser, tmp_path: Path) -> None:
    files = ten(tmp_path)
    clerk = staff(browser, office, "editor", "综合办")
    send(clerk, office, files)
    ended(clerk, 10)
    for file, pages in files.items():
        expect(row(clerk, file)).to_have_attribute("data-state", "done")
        expect(row(clerk, file).locator(".how .second")).to_have_text(f"{pages} 页")
    expect(clerk.get_by_label("全街道")).to_be_checked()
    expect(clerk.get_by_label("动态公示")).to_be_checked()
    clerk.get_by_label("栏目").select_option("卫生健康")
    clerk.get_by_label(re.compile("到哪天止")).fill("2099-12-31")
    clerk.get_by_role("button", name="10 件一起报审").click()
    expect(clerk.get_by_text("10 件已报审。")).to_be_visible()
    leader, titles = staff(browser, office, "leader"), {file.stem for file in files}
    for title in sorted(titles):
        approve(leader, office, title)
    board = wall(browser, office.board()["url"])
    until(lambda: titles <= {item["title"] for item in edition_of(board, 1)["items"]}, 20, "the hall's board lacks some of the ten")
    edition = edition_of(board, 1)
    hung = [item for item in edition["items"] if item["title"] in titles]
    for file, pages in files.items():
        numbers = [item["page"] for item in hung if item["title"] == file.stem]
        assert numbers == list(range(1, len(numbers) + 1)) and len(numbers) >= pages, "a tall page takes several screens, none is lost"
    assert {item["column"] for item in hung} == {"卫生健康"}
    (film,) = [item for item in hung if item["title"] == "防汛演练"]
    assert [each["type"] for each in edition["objects"] if each["sha"] in film["media"]].count("video/mp4") == 1
    assert {window["to"][:10] for window in edition["windows"] if {item["item"] for item in hung} & set(window["items"])} == {"2099-12-31"}


def test_each_bad_file_is_told_in_one_sentence_and_the_good_one_beside_them_is_done(office: Office, browser: Browser, tmp_path: Path
                                                                                    ) -> None:
    for name, body in (("其实是文字.jpg", "今天下午三点开会，请准时。" * 20), ("空的.pdf", ""),
                       ("徽标.svg", '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>')):
        (tmp_path / name).write_text(body, encoding="utf-8")
    bad = {
        tmp_path / "其实是文字.jpg": "只有纯文字", tmp_path / "空的.pdf": "0 字节", tmp_path / "徽标.svg": "SVG",
        papers.half(papers.film(tmp_path / "演练.mp4", "-c:v", "libx264", sound=False)): "视频不完整",
        papers.pdf(tmp_path / "有密码.pdf", locked=True): "密码",
        papers.bomb(tmp_path / "炸弹.docx"): "大得不正常",
    }
    good = papers.photo(tmp_path / "好的照片.jpg")
    clerk = staff(browser, office, "editor", "民政办")
    send(clerk, office, [*bad, good])
    ended(clerk, 7)
    for file, word in bad.items():
        told = row(clerk, file).locator(".told")
        expect(told).to_have_count(1)
        expect(told).to_contain_text(word)
    expect(row(clerk, good)).to_have_attribute("data-state", "done")
    expect(clerk.locator("#count")).to_have_text("7 个文件：1 个好了，6 个打不开。")
    expect(clerk.get_by_role("button", name="报审", exact=True)).to_be_visible()
    clerk.reload()
    expect(clerk.locator("#files > li[data-state=failed]"), "what never left the desk leaves no line").to_have_count(5)


def test_an_upload_cut_by_a_dead_server_goes_on_where_it_was_and_nobody_signs_in_again(office: Office, browser: Browser, tmp_path: Path
                                                                                       ) -> None:
    image = Image.effect_noise((3600, 2900), 80).convert("RGB")
    image.save(tmp_path / "全景图.png", compress_level=0)
    assert (tmp_path / "全景图.png").stat().st_size > 30_000_000
    clerk = staff(browser, office, "editor", "东街")
    clerk.goto(f"{office.url}/staff/content/upload")
    line = clerk.context.new_cdp_session(clerk)
    line.send("Network.enable")
    line.send("Network.emulateNetworkConditions",
              {"offline": False, "latency": 5, "downloadThroughput": -1, "uploadThroughput": 4_000_000})
    clerk.locator("#file").set_input_files(str(tmp_path / "全景图.png"))
    came = clerk.locator("#files > li progress")
    until(lambda: float(came.evaluate("(bar) => bar.value")) > 0.4, 20, "the upload does not get going")
    office.kill()
    clerk.wait_for_timeout(1000)
    office.start("serve")
    kept = next(iter((office.data / "uploads").glob("*"))).stat().st_size
    assert kept > 8_000_000, "what had arrived was thrown away"
    ended(clerk, 1)
    expect(clerk.locator("#files > li")).to_have_attribute("data-state", "done")
    clerk.goto(f"{office.url}/staff/today")
    expect(clerk.get_by_text("全景图").first).to_be_visible()
