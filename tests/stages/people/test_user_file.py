import importlib.util
import io
import zipfile
from pathlib import Path

import pytest

from stark_udfs.core.errors import InputError
from stark_udfs.stages.people import user_sheet
from stark_udfs.stages.people.user_file import layouts_of, rows_of

HEADER = ("age", "gender", "birthplace", "residence")
ANA = {"age": "34", "gender": "female", "birthplace": "Brazil", "residence": "Japan"}
PLAIN = "age,gender,birthplace,residence\n34,female,Brazil,Japan\n"


def saved(folder: Path, content: str | bytes, name: str = "people.csv") -> str:
    (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
    return str(folder / name)


def values(source: str) -> list[dict[str, str | None]]:
    return [row.values for row in rows_of(layouts_of(source))]


def problems(source: str) -> list[tuple[int, str]]:
    return [(row.number, row.problem) for row in rows_of(layouts_of(source)) if row.problem]


def describe_separators():
    @pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
    def it_finds_the_one_that_gives_the_columns(tmp_path: Path, separator: str):
        assert values(saved(tmp_path, PLAIN.replace(",", separator))) == [ANA]

    def it_leaves_other_separators_inside_values(tmp_path: Path):
        text = 'note;age;gender;birthplace;residence\n"a,b;c";34;female;Korea, Republic of;Japan\n'
        assert values(saved(tmp_path, text)) == [{**ANA, "birthplace": "Korea, Republic of"}]

    def it_obeys_the_line_in_which_excel_names_it(tmp_path: Path):
        assert values(saved(tmp_path, "sep=;\r\n" + PLAIN.replace(",", ";"))) == [ANA]

    def it_names_those_there_may_be_when_none_fits(tmp_path: Path):
        with pytest.raises(InputError, match=r"has no column age, .* Separate them by commas, semicolons, tabs, bars"):
            layouts_of(saved(tmp_path, PLAIN.replace(",", ":")))

    def it_names_the_one_that_it_took(tmp_path: Path):
        with pytest.raises(InputError, match=r"no column residence; there are: .*'home' \(separated by semicolons\)"):
            layouts_of(saved(tmp_path, PLAIN.replace(",", ";").replace("residence", "home")))

    def it_says_which_row_has_more_values_than_columns(tmp_path: Path):
        source = saved(tmp_path, PLAIN + "34,female,Korea, Republic of,Japan\n")
        assert problems(source) == [(2, "has 5 values for 4 columns: put quotes around a value that holds commas")]

    def it_forgives_separators_at_the_end(tmp_path: Path):
        assert values(saved(tmp_path, PLAIN.replace("Japan\n", "Japan,,\n"))) == [ANA]


def describe_headers():
    @pytest.mark.parametrize(
        "header",
        [
            "Age,GENDER,Birthplace,Residence",
            ' age , "Gender ",birthplace,residence',
            "\xa0age,gender,birthplace,residence",
        ],
    )
    def it_reads_them_as_people_write_them(tmp_path: Path, header: str):
        assert values(saved(tmp_path, header.replace(', "', ',"') + "\n34,female,Brazil,Japan\n")) == [ANA]

    @pytest.mark.parametrize("written", ["demographic_id", "Demographic ID", "demographic-id"])
    def it_finds_the_id(tmp_path: Path, written: str):
        source = saved(tmp_path, f"{written},{PLAIN.splitlines()[0]}\nu-1,34,female,Brazil,Japan\n")
        assert values(source) == [{"demographic_id": "u-1", **ANA}]

    @pytest.mark.parametrize("twice", ["age", "Age", " AGE "])
    def it_refuses_two_columns_of_one_name(tmp_path: Path, twice: str):
        with pytest.raises(InputError, match=r"has two columns age; there are: .*\. Leave one"):
            layouts_of(saved(tmp_path, f"{twice},{PLAIN.splitlines()[0]}\n3,34,female,Brazil,Japan\n"))

    def it_minds_no_other_columns(tmp_path: Path):
        assert values(
            saved(tmp_path, "note,note,,age,gender,birthplace,residence\na,b,c,34,female,Brazil,Japan\n")
        ) == [ANA]


def describe_encodings():
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
    def it_reads_unicode_by_its_mark(tmp_path: Path, encoding: str):
        text = PLAIN.replace("Brazil", "Côte d'Ivoire").replace("Japan", "日本")
        expected = {**ANA, "birthplace": "Côte d'Ivoire", "residence": "日本"}
        assert values(saved(tmp_path, text.encode(encoding))) == [expected]

    @pytest.mark.parametrize(("mark", "encoding"), [(b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")])
    def it_reads_either_order_of_bytes(tmp_path: Path, mark: bytes, encoding: str):
        assert values(saved(tmp_path, mark + PLAIN.replace(",", "\t").encode(encoding))) == [ANA]

    def it_reads_what_excel_writes_in_western_europe(tmp_path: Path):
        (layout,) = layouts_of(saved(tmp_path, PLAIN.replace("Brazil", "Réunion").encode("cp1252")))
        assert layout.encoding == "cp1252"
        assert [row.values["birthplace"] for row in rows_of([layout])] == ["Réunion"]

    def it_looks_at_every_byte(tmp_path: Path):
        late = PLAIN + "34,female,Brazil,Japan\n" * 100_000 + "34,female,Türkiye,Japan\n"
        (layout,) = layouts_of(saved(tmp_path, late.encode("cp1252")))
        assert layout.encoding == "cp1252"

    def it_takes_no_id_on_a_guess(tmp_path: Path):
        text = "demographic_id," + PLAIN.splitlines()[0] + "\nJosé,34,female,Brazil,Japan\n"
        assert problems(saved(tmp_path, text.encode("cp1252"))) == [
            (1, "demographic_id: 'José' is a guess, as the file is not in UTF-8. Save it as 'CSV UTF-8'")
        ]

    @pytest.mark.parametrize(
        ("content", "complaint"),
        [
            (PLAIN.encode("utf-16-le"), "NUL bytes, as UTF-16 without a byte order mark"),
            (b"age,gender\x81,birthplace,residence\n", "is not text in utf-8 or Windows-1252. Save it as 'CSV UTF-8'"),
            (b"\xff\xfea\x00\x00", "is not text in utf-16"),
            (b"PK\x03\x04rest", "is a workbook or an archive, not text. Call it .xlsx"),
        ],
    )
    def it_says_what_it_cannot_read(tmp_path: Path, content: bytes, complaint: str):
        with pytest.raises(InputError, match=complaint):
            layouts_of(saved(tmp_path, content))


def describe_rows():
    @pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
    def it_keeps_a_line_break_inside_quotes(tmp_path: Path, end: str):
        text = 'note,age,gender,birthplace,residence\n"two\nlines, and ""quotes""",34,female,Brazil,Japan\n'
        assert values(saved(tmp_path, text.replace("\n", end))) == [ANA]

    def it_counts_rows_as_a_spreadsheet_does(tmp_path: Path):
        source = saved(tmp_path, PLAIN + "\n,,,\n35,female,Brazil,Japan\n , \n")
        assert [row.number for row in rows_of(layouts_of(source))] == [1, 4]

    def it_leaves_what_a_short_row_lacks_empty(tmp_path: Path):
        assert values(saved(tmp_path, PLAIN + "34,male\n"))[1] == {
            "age": "34",
            "gender": "male",
            "birthplace": None,
            "residence": None,
        }

    def it_says_where_a_quote_is_left_open(tmp_path: Path):
        with pytest.raises(InputError, match=r"cannot be read from row 2 on: .* Is a quote left open there"):
            layouts_of(saved(tmp_path, PLAIN + '34,"female,Brazil,Japan\n'))

    def it_reads_the_files_of_a_folder_in_order(tmp_path: Path):
        folder = tmp_path / "people.csv"
        folder.mkdir()
        saved(folder, PLAIN, "part-0.csv")
        saved(folder, PLAIN.replace("34", "35"), "part-1.csv")
        saved(folder, "", "_SUCCESS")
        found = list(rows_of(layouts_of(str(folder))))
        assert [(row.number, row.values["age"]) for row in found] == [(1, "34"), (2, "35")]

    @pytest.mark.parametrize("name", ["people.tsv", "people.txt", "PEOPLE.CSV"])
    def it_takes_other_endings(tmp_path: Path, name: str):
        assert values(saved(tmp_path, PLAIN.replace(",", "\t"), name)) == [ANA]


def describe_workbooks():
    def it_needs_a_library_and_says_so():
        with pytest.raises(
            InputError, match=r"nopyxl is not installed: pip install 'stark-mcu\[excel\]'.* or save it as CSV"
        ):
            user_sheet.header_of(io.BytesIO(), "people.xlsx", bool, library="nopyxl")

    @pytest.mark.skipif(importlib.util.find_spec("openpyxl") is None, reason="the extra `excel` is not installed")
    def describe_with_the_library():
        def it_reads_the_one_sheet_that_has_the_columns(tmp_path: Path):
            source = workbook(
                tmp_path, {"About": [("Made by", "us")], "People": [HEADER, (34.0, "female", "Brazil", "日本"), ()]}
            )
            assert values(source) == [{**ANA, "residence": "日本"}]

        def it_refuses_two_such_sheets(tmp_path: Path):
            with pytest.raises(InputError, match=r"has such a table on each of the sheets A, B. Leave one"):
                layouts_of(workbook(tmp_path, {"A": [HEADER], "B": [HEADER]}))

        def it_names_missing_columns(tmp_path: Path):
            with pytest.raises(InputError, match="has no column birthplace, residence; there are: 'age', 'gender'"):
                layouts_of(workbook(tmp_path, {"A": [HEADER[:2]]}))

        @pytest.mark.parametrize("content", [PLAIN.encode(), b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b""])
        def it_refuses_what_is_no_workbook(tmp_path: Path, content: bytes):
            with pytest.raises(InputError, match="is no workbook that can be read, or has a password"):
                layouts_of(saved(tmp_path, content, "people.xlsx"))

        def it_refuses_another_archive(tmp_path: Path):
            with zipfile.ZipFile(tmp_path / "people.xlsx", "w") as archive:
                archive.writestr("a.txt", "a")
            with pytest.raises(InputError, match="is no workbook"):
                layouts_of(str(tmp_path / "people.xlsx"))


def workbook(folder: Path, sheets: dict[str, list[tuple[object, ...]]]) -> str:
    import openpyxl

    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    book.save(folder / "people.xlsx")
    return str(folder / "people.xlsx")
