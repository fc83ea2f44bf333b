"""What a sweep of configurations is: folders and files of them, and sweep files that vary one."""
