// How this process gets its memory from the kernel, and when it gives it back.
#pragma once

namespace bondbox::lnx {

/// What is taken for a moment goes back to the kernel when it is let go of, whoever lets go of it, so that a process
/// that runs for months is as large as in its first hour. To be called before anything is allocated.
void give_memory_back();

/// So do pages of the heap that are free amid what is kept. To be called now and then, by a thread that may wait.
void give_free_pages_back();

}  // namespace bondbox::lnx
