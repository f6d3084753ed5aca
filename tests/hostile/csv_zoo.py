"""Dialects, encodings and damage of CSV files."""

from collections.abc import Iterator

from tests.hostile.cases import Case, case

TWO = {"1": "Clerk", "2": "Chief"}
TABLE = "id,job\n1,Clerk\n2,Chief\n"
WIDE = ",".join(f"c{number}" for number in range(10_000))


def cases() -> Iterator[Case]:
    yield from _dialects()
    yield from _encodings()
    yield from _damage()
    yield from _sizes()
    yield from _not_csv()


def _dialects() -> Iterator[Case]:
    yield case("comma", TABLE, TWO)
    yield case("semicolon", TABLE.replace(",", ";"), TWO)
    yield case("tab", TABLE.replace(",", "\t"), TWO)
    yield case("vertical bar", TABLE.replace(",", "|"), TWO)
    yield case("decimal commas", "id;job\n1;1,5\n2;2,25\n", {"1": "1,5", "2": "2,25"})
    yield case("no header", "1,Clerk\n2,Chief\n", TWO)
    yield case("no line end at the end", TABLE.rstrip(), TWO)
    yield case("only a header", "id,job\n")
    yield case("only a header, no line end", "id,job")
    yield case("all quoted", '"id","job"\n"1","Clerk"\n"2","Chief"\n', TWO)
    yield case("single quotes", "id,job\n1,'A, b'\n2,'C'\n", {"1": "A, b", "2": "C"})
    yield case("doubled quotes", 'id,job\n1,"a ""b"" c"\n', {"1": 'a "b" c'})
    yield case("line breaks in cells", 'id,job\n1,"a\nb\r\nc"\n2,Chief\n', {"1": "a\nb\r\nc", "2": "Chief"})
    yield case("quotes in the middle", 'id,job\n1,5" disk\n2,a "b" c\n', {"1": '5" disk', "2": 'a "b" c'})
    yield case("CRLF", TABLE.replace("\n", "\r\n"), TWO)
    yield case("CR", TABLE.replace("\n", "\r"), TWO)
    yield case("CR and line feeds in cells", 'id,job\r1,"a\nb"\r2,c\r', {"1": "a\nb", "2": "c"})
    yield case(
        "mixed line ends", "id,job\r\n1,A\r\n2,B\r3,C\n4,D\n", {"1": "A", "2": "B", "3": "C", "4": "D"}
    )
    yield case("blank lines", "\n\nid,job\n\n1,Clerk\n\n\n2,Chief\n\n", TWO)
    yield case("lines of blanks", "  \nid,job\n1,Clerk\n2,Chief\n   \n", TWO, quarantined=1)
    yield case("title above", "Jobs of 2024\n\n" + TABLE, TWO)
    yield case("padded titles above", "Jobs of 2024,\n,\nAs of,May\n" + TABLE, TWO)
    yield case("sep=;", "sep=;\nid;job\n1;a, b\n", {"1": "a, b"})
    yield case("total below", TABLE + "Total,2\n", TWO, quarantined=1)
    yield case("header again", TABLE + "id,job\n3,Cook\n", {**TWO, "3": "Cook"}, quarantined=1)
    yield case("other order, more columns", "note,JOB,Id\nx,Clerk,1\ny,Chief,2\n", TWO)
    yield case("columns without a name", "id,job,,\n1,Clerk,,\n2,Chief,,\n", TWO)
    yield case("columns called as ours are", "id,job,_line,_key,_errors\n1,Clerk,7,8,9\n2,Chief,,,\n", TWO)
    yield case(
        "columns called as in JavaScript", "id,job,__proto__,constructor\n1,Clerk,x,y\n2,Chief,,\n", TWO
    )
    yield case("a column with a NUL", b"id,job,a\x00b\n1,Clerk,x\n2,Chief,y\n", TWO)
    yield case("a column name of 70,000 characters", f"id,job,{'x' * 70_000}\n1,Clerk,x\n2,Chief,y\n", TWO)
    yield case(
        "formulas stay text",
        "id,job\n1,=cmd|' /C calc'!A0\n2,@SUM(1)\n",
        {"1": "=cmd|' /C calc'!A0", "2": "@SUM(1)"},
    )
    odd = {"1": "a\x0bb\x0cc", "2": "d\x85e\u2028f"}
    yield case("line ends of other standards in cells", f"id,job\n1,{odd['1']}\n2,{odd['2']}\n", odd)
    yield case(
        "repeated column", "id,job,job\n1,Clerk,Chief\n", refused="More than one column stands for job"
    )
    yield case("other columns", "nr,text\n1,Clerk\n", refused="Found: nr, text. Expected: id, job")
    yield case("one column", "id\n1\n2\n", refused="The header lacks job")


def _encodings() -> Iterator[Case]:
    text = "id,job\n1,Köchin\n2,Señor\n"
    good = {"1": "Köchin", "2": "Señor"}
    yield case("UTF-8 with a mark", text.encode("utf-8-sig"), good)
    yield case("Windows-1252", text.encode("cp1252"), good)
    for name in ("utf-16", "utf-16-le", "utf-16-be", "utf-32"):
        yield case(name, text.encode(name), good)
    yield case("UTF-16 of half a character", text.encode("utf-16") + b"\x00", failed="not valid utf-16")
    yield case("UTF-32 without a mark", text.encode("utf-32-le"), refused="binary file of an unknown type")
    yield case("a mark in the middle", "id,job\n1,Clerk\n\ufeff2,Chief\n", TWO)
    yield case(
        "two files joined", b"\xef\xbb\xbfid,job\n1,Clerk\n\xef\xbb\xbfid,job\n2,Chief\n", TWO, quarantined=1
    )
    yield case(
        "a line that is not UTF-8",
        "id,job\n1,Köchin\n".encode() + b"2,\xe4\n3,c\n",
        {"1": "Köchin", "3": "c"},
        quarantined=1,
    )
    yield case(
        "half of a surrogate pair", b"id,job\n1,\xed\xa0\x80\n2,Chief\n", {"2": "Chief"}, quarantined=1
    )
    yield case("in no encoding", b"id,job\n1,\x81\x8d\n", refused="byte 9 (line 2) is not UTF-8")
    yield case("emoji and right to left", "id,job\n1,👩‍🚒\n2,مدير\n", {"1": "👩‍🚒", "2": "مدير"})


def _damage() -> Iterator[Case]:
    yield case("ragged", "id,job\n1\n2,Chief\n3,x,y\n4,Ok\n", {"2": "Chief", "4": "Ok"}, quarantined=2)
    yield case(
        "a quote that nothing closes",
        'id,job\n1,Clerk\n2,"B\n3,C\n4,D\n',
        {"1": "Clerk", "3": "C", "4": "D"},
        quarantined=1,
    )
    yield case("text behind a quote", 'id,job\n1,"A" x\n2,Chief\n', {"2": "Chief"}, quarantined=1)
    yield case("backslashes for quotes", 'id,job\n1,"a \\"b\\" c"\n2,Chief\n', {"2": "Chief"}, quarantined=1)
    yield case("a quote open at the end", 'id,job\n1,Clerk\n2,"', {"1": "Clerk"}, quarantined=1)
    yield case("NUL", "id,job\n1,Clerk\n2,B\x00\n3,C\n", {"1": "Clerk", "3": "C"}, quarantined=1)
    yield case("a return inside of a cell", "id,job\n1,a\rb\n2,Chief\n", {"2": "Chief"}, quarantined=1)
    yield case("end of file of DOS", TABLE + "\x1a", TWO, quarantined=1)
    yield case("cut off in a row", "id,job\n1,Clerk\n2", {"1": "Clerk"}, quarantined=1)
    yield case("rows without a key", "id,job\n,a\n,a\n,b\n2,Chief\n", {"2": "Chief"}, quarantined=2)
    yield case(
        "numbers that are none", "id,job\n1e5,a\n１,b\n0x1,c\n١,d\n2,Chief\n", {"2": "Chief"}, quarantined=4
    )
    yield case("a number too large", f"id,job\n{'9' * 5000},a\n2,Chief\n", {"2": "Chief"}, quarantined=1)


def _sizes() -> Iterator[Case]:
    long = "x" * 3_000_000
    yield case("a long cell", f"id,job\n1,{long}\n2,Chief\n", {"2": "Chief"}, quarantined=1)
    yield case("10,000 columns", f"id,job,{WIDE}\n1,Clerk,{WIDE}\n2,Chief,{WIDE}\n", TWO)
    yield case("10,000 other columns", f"{WIDE}\n{WIDE}\n", refused="and 9980 more")
    yield case(
        "a line over the limit",
        b"id,job\n1," + b"x" * 11_000_000 + b"\n2,Chief\n",
        {"2": "Chief"},
        quarantined=1,
    )
    yield case("one line over the limit", b"x," * 5_000_000, refused="MAX_COLUMNS")
    yield case(
        "a header over the limit",
        b"id,job," + b"x" * 11_000_000 + b"\n1,Clerk,x\n",
        failed="The first line is longer",
    )
    yield case("only quotes", '"' * 100_001, refused="Expected: id, job")
    yield case(
        "only delimiters",
        "," * 100_000,
        refused="has 100,001 columns; the limit is 20,000 (setting MAX_COLUMNS)",
    )


def _not_csv() -> Iterator[Case]:
    yield case("empty", b"", refused="the file is empty")
    yield case("blank", b" \n\t\r\n", refused="nothing but white space")
    yield case("HTML", "<html><body><p>404</p></body></html>", refused="Found: <html>")
    yield case("XML", "<?xml version='1.0'?><jobs><job id='1'/></jobs>", refused="Expected: id, job")
    yield case("PNG", b"\x89PNG\r\n\x1a\n" + bytes(100), refused="a PNG image")
    yield case("random bytes", bytes(range(256)) * 40, refused="binary file of an unknown type")
    yield case("7z", b"7z\xbc\xaf\x27\x1c" + bytes(50), refused="a 7z archive: unpack it first")
    yield case("prose", "Dear all, this is no table.\nRegards, Ada\n", refused="Expected: id, job")
