"""The parts of a card in words: reasons, evidence, questions."""
