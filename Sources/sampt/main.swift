print("sampt")
