"""
What an emulator holds, and how it is put there.
"""
