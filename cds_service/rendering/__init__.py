"""From recommendations to cards: texts are data, what a suggestion does is code."""
