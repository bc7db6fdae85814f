from stark_udfs.release.export.messages import as_messages

FILE = {"path": "images/aa/a.png", "mark": None}


def turn(speaker: str, text: str, *files: object) -> dict[str, object]:
    return {"speaker": speaker, "text": text, "images": [{"description": "a pot", "file": file} for file in files]}


def row(*turns: object, memory: str | None = None) -> dict[str, object]:
    person = {"name": "Ana Lima", "age": 34, "gender": "female", "birthplace": "Brazil", "residence": "Japan"}
    return {**person, "date": "2022-03-05", "memory": memory, "turns": list(turns)}


def describe_as_messages():
    def it_makes_one_message_of_consecutive_turns_and_keeps_the_order_of_images():
        other = {"path": "images/bb/b.png", "mark": None}
        said, files = as_messages(
            row(turn("Ana Lima", "Look!"), turn("Ana Lima", "", FILE, other), turn("AI Assistant", "Oh."))
        )
        assert [message["role"] for message in said] == ["system", "user", "assistant"]
        assert [part["type"] for part in said[1]["content"]] == ["text", "image", "image"]
        assert files == [FILE, other]

    def it_says_what_a_picture_without_a_file_shows():
        said, files = as_messages(row(turn("AI Assistant", "", None)))
        assert said[1]["content"] == [{"type": "text", "text": "[image: a pot]"}]
        assert files == []

    def it_gives_the_assistant_its_memory():
        assert "She cooks." in as_messages(row(memory="She cooks."))[0][0]["content"][0]["text"]
