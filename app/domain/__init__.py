"""The verbs of the department, a module for each activity. They raise; views translate."""
