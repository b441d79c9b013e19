"""What can be shown of each noun: its columns, each with a letter, a name, a value and a text."""
