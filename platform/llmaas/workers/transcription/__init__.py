"""Speech to text: whisper.cpp, and FFmpeg in front of it; both only inside worker processes."""
