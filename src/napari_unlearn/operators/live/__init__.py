"""A head that follows the brush: the retain objective kept up to date case by case, and refitted from where it was."""
