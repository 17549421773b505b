// libedit's readline interface. Its state is in global variables, which these functions set and read for Swift.

#include <stdio.h>
#include <string.h>
#include <editline/readline.h>

/// Completes words, which end at one of the characters of `breaks`, by `complete`.
static inline void edit_start(rl_completion_func_t *complete, const char *breaks) {
  rl_completer_word_break_characters = strdup(breaks);
  rl_attempted_completion_function = complete;
}

/// Called while completing: names of files are no candidates.
static inline void edit_without_file_names(void) { rl_attempted_completion_over = 1; }

/// The line being typed.
static inline const char *edit_line(void) { return rl_line_buffer; }
