"""The documents of the repository: their links, headings, and the commands they show."""

import pathlib
import re
import shlex

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAMS = ("gdrive-sync", "registry-probe")

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ +(.+?) *$", re.MULTILINE)
PLACEHOLDER = re.compile(r"{{([a-z_.]+)}}")
# The value of a JSON patch that replaces a container's arguments.
PATCHED_ARGUMENTS = re.compile(r'containers/0/args","value":(\[[^]]*\])')


def documents():
    return [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


class Document:
    def __init__(self, path):
        self.path = path
        self.text = path.read_text(encoding="utf-8")
        self.prose = FENCE.sub("", self.text)

    def __str__(self):
        return str(self.path.relative_to(ROOT))

    def links(self):
        return LINK.findall(INLINE.sub("", self.prose) + self.prose)

    def anchors(self):
        return {slug(heading) for heading in HEADING.findall(self.prose)}

    def placeholders(self):
        return set(PLACEHOLDER.findall(self.text))

    def shell_lines(self):
        """The commands of the blocks that show a terminal, each on one line."""
        for kind, block in FENCE.findall(self.text):
            if kind in ("console", "sh", "bash"):
                yield from command_lines(block)

    def commands(self):
        """(program, arguments) of each command of ours that is shown."""
        for line in self.shell_lines():
            yield from commands_in(line)
        for code in INLINE.findall(self.prose):
            if code.startswith(tuple(f"{program} " for program in PROGRAMS)):
                yield from commands_in(code)


def slug(heading):
    """A heading's anchor, as the forges make it."""
    plain = re.sub(r"[^\w\- ]", "", heading.replace("`", "").lower())
    return plain.replace(" ", "-")


def command_lines(block):
    """Lines after a prompt with those that continue them; the rest is output."""
    command = None
    for line in block.splitlines():
        if line.startswith("$ "):
            command = line[2:]
        elif command is not None:
            command += "\n" + line
        else:
            continue
        if command.endswith("\\"):
            command = command[:-1]
        elif not command.rstrip().endswith(("|", "&&")):
            yield command.replace("\n", " ")
            command = None


def commands_in(line):
    lexer = shlex.shlex(line, posix=True, punctuation_chars="|&;<>")
    lexer.whitespace_split = True
    lexer.commenters = "#"
    words = []
    for word in [*lexer, ";"]:
        if word and set(word) <= set("|&;<>"):
            yield from ours(words)
            words = []
        else:
            words.append(word)


def ours(words):
    """The words of one command, where it is one of ours."""
    for number, word in enumerate(words):
        if "=" in word and not word.startswith("-"):
            continue  # a variable before the command
        program = word.rsplit("/", 1)[-1]
        if program in PROGRAMS:
            yield program, words[number + 1:]
        return
